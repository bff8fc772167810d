"""What the standard and a product say: data only. Imports nothing of the other layers."""
