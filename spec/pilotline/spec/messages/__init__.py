"""The messages of OCPP 1.6 (§6), one module for each feature profile, and the types of §7 they share."""
