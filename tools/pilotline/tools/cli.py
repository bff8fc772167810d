"""The command line. What a command needs is imported when it runs, so that `--help` is there at once."""

import asyncio
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from pilotline.tools.cli_check import EXAMPLES, check

app: Final = typer.Typer(
    name="pilotline",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""The complete software of an OCPP 1.6J charge point, declared as state machines.

    \b
    Try it:
      pilotline demo                    two charging sessions in fast motion, as they happen
      pilotline explain connector 1     why a running station is as it is
      pilotline schedule FILE           what charging profiles come to, and why
      pilotline check session           every state a charging session can reach, and every promise in it
      pilotline diagram connector       the status machine of OCPP 1.6 §4.9, from its table
      pilotline run --product c6eu --csms ws://localhost:9000/ocpp --id CP-1 \\
                    --state ./cp-1 --control 127.0.0.1:8080
    """,
)


_DEMO_EXAMPLES: Final = """
\b
Examples:
  pilotline demo
  pilotline demo --product reference
  pilotline demo --csms ws://localhost:9000/ocpp --id CP-1 --tag MY-TAG
"""
_RUN_EXAMPLES: Final = """
\b
Examples:
  pilotline run --product c6eu --csms ws://localhost:9000/ocpp --id CP-1 \\
                --state ./cp-1 --control 127.0.0.1:8080 -v
  pilotline run --product reference --csms wss://csms.example/ocpp --id CP-2 --state ./cp-2 \\
                --password-file ./secret --set MeterValueSampleInterval=30 -vv
  curl -X POST http://127.0.0.1:8080/connectors/1/plug
  curl -X POST http://127.0.0.1:8080/readers/1/tag -H 'Content-Type: application/json' \\
       -d '{"idTag": "ANNA-4711"}'
  curl -N http://127.0.0.1:8080/events
"""
_REPLAY_EXAMPLES: Final = """
\b
Examples:
  pilotline replay ./cp-1/journal
  pilotline replay ./cp-1/journal --format mermaid --from 10 --to 60
  pilotline replay ./cp-1/journal/00000003.journal --state-at 25
"""
_EXPLAIN_EXAMPLES: Final = """
\b
Examples:
  pilotline explain connector 1
  pilotline explain limit 1
  pilotline explain last --count 5
  pilotline explain last --event TagPresented --control 127.0.0.1:8081
"""
_DIAGRAM_EXAMPLES: Final = """
\b
Examples:
  pilotline diagram
  pilotline diagram connector --format table
  pilotline diagram session --format svg --output session.svg
  pilotline diagram session --format scxml --output session.scxml
"""
_SCHEDULE_EXAMPLES: Final = """
\b
Examples:
  pilotline schedule profiles.json
  pilotline schedule profiles.json --start 2026-12-01T00:00:00Z --duration 86400
  pilotline schedule profiles.json --product c6eu --connector 0 --unit W --svg schedule.svg
\b
The file:
  [{"connectorId": 1, "csChargingProfiles": {"chargingProfileId": 1, "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative",
    "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod":
      [{"startPeriod": 0, "limit": 16.0}, {"startPeriod": 3600, "limit": 8.0}]}}}]
"""
_SPEC_EXAMPLES: Final = """
\b
Example:
  pilotline spec --json > ocpp16.json
"""


class LogLevel(StrEnum):
    """How much the log says; debug shows the rows taken."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


class Format(StrEnum):
    """What `pilotline diagram` writes."""

    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"
    table = "table"
    scxml = "scxml"
    json = "json"


class Unit(StrEnum):
    """In what a schedule is told."""

    A = "A"
    W = "W"


Products = Annotated[
    str, typer.Option("--product", help="Name of a product, or path of a product's .toml file.")
]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"pilotline {version('pilotline')}")
        raise typer.Exit


@app.callback()
def _pilotline(
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version, and end.")
    ] = False,
) -> None:
    pass


@app.command(epilog=_DEMO_EXAMPLES)
def demo(
    csms: Annotated[
        str | None, typer.Option(help="URL of a Central System, without the identity; else one is embedded.")
    ] = None,
    product: Products = "c6eu",
    identity: Annotated[str, typer.Option("--id", help="Identity of the charge point.")] = "DEMO-1",
    tag: Annotated[list[str] | None, typer.Option(help="idTag to use; once, or once per session.")] = None,
) -> None:
    """Show two charging sessions in fast motion, and sum them up."""
    from rich.console import Console

    from pilotline.tools import demo as story
    from pilotline.tools.running import product_of, url_of

    tags = tuple(tag or ("ANNA-4711", "BEN-0815"))
    url = None if csms is None else url_of(csms)
    cast = story.Cast(product_of(product), url, identity, (tags[0], tags[-1]))
    asyncio.run(story.play(cast, Console(highlight=False)))


@app.command(epilog=_RUN_EXAMPLES)
def run(
    product: Products,
    csms: Annotated[
        str, typer.Option(help="URL of the Central System, without the identity (ws:// or wss://).")
    ],
    identity: Annotated[str, typer.Option("--id", help="Identity of the charge point; it ends the URL.")],
    state: Annotated[Path, typer.Option(help="Folder for the station's memory and its simulated world.")],
    control: Annotated[str | None, typer.Option(help="HOST:PORT for the control API (HTTP).")] = None,
    control_anywhere: Annotated[
        bool,
        typer.Option("--control-anywhere", help="Let --control be no loopback. It has no password."),
    ] = False,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE at the first start, read-only keys included.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of such values.")] = None,
    password: Annotated[
        str | None, typer.Option(help="HTTP Basic password; --password-file is better.")
    ] = None,
    password_file: Annotated[Path | None, typer.Option(help="File that holds this password.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Certificates to trust for wss; else the system's.")] = None,
    cert: Annotated[Path | None, typer.Option(help="The station's own certificate (mutual TLS).")] = None,
    key: Annotated[Path | None, typer.Option(help="Its key.")] = None,
    journal_mb: Annotated[
        int, typer.Option(min=0, help="Most the journal in STATE/journal may take, in MB; 0: there is none.")
    ] = 64,
    installer: Annotated[
        str | None,
        typer.Option(help="Command that installs firmware; the file is added. Else it is simulated."),
    ] = None,
    file_bytes_max: Annotated[
        int, typer.Option(min=1, help="Most bytes that a firmware file may have.")
    ] = 512_000_000,
    known_hosts: Annotated[
        Path | None, typer.Option(help="Keys of SFTP servers, as OpenSSH writes them; others are refused.")
    ] = None,
    log_level: Annotated[LogLevel, typer.Option(help="How much the log says.")] = LogLevel.info,
    verbose: Annotated[
        int,
        typer.Option(
            "-v",
            "--verbose",
            count=True,
            show_default=False,
            help="Log the rows taken; -vv: and who said no to the others.",
        ),
    ] = 0,
) -> None:
    """Run a simulated station until Ctrl-C or SIGTERM.

    Started again, it goes on where it was.
    """
    from pilotline.tools import run_log, running

    model = running.product_of(product)
    settings = running.settings_of(config, set_ or [])
    plan = running.Plan(
        product=model,
        csms=running.url_of(csms),
        settings=running.accepted_settings(model, settings),
        identity=identity,
        state=state,
        control=None if control is None else running.address_of(control),
        control_anywhere=control_anywhere,
        password=running.password_of(password, password_file),
        ca=ca,
        certificate=cert,
        key=key,
        installer=running.command_of(installer),
        file_bytes_max=file_bytes_max,
        known_hosts=known_hosts,
        why=verbose > 1,
        journal_bytes=journal_mb * 1_000_000,
    )
    run_log.start_log("debug" if verbose else log_level.value)
    asyncio.run(running.run_until_stopped(plan))


class ReplayFormat(StrEnum):
    """How `replay` tells."""

    timeline = "timeline"
    mermaid = "mermaid"
    json = "json"


@app.command(epilog=_REPLAY_EXAMPLES)
def replay(
    journal: Annotated[Path, typer.Argument(help="Folder of a journal (STATE/journal), or one segment.")],
    format_: Annotated[
        ReplayFormat, typer.Option("--format", help="timeline, a Mermaid sequence diagram, or lines of JSON.")
    ] = ReplayFormat.timeline,
    first: Annotated[int, typer.Option("--from", min=1, help="First step to show.")] = 1,
    last: Annotated[int | None, typer.Option("--to", min=1, help="Last step to show.")] = None,
    state_at: Annotated[
        int | None, typer.Option(min=1, help="Show the state after this step, as JSON, and nothing else.")
    ] = None,
) -> None:
    """Run a journal again through the core and hold every effect against what was recorded.

    Ends with status 1 at the first difference.
    """
    from pilotline.tools.replaying import show

    raise typer.Exit(show(journal, format_.value, first, last, state_at))


explain: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=_EXPLAIN_EXAMPLES,
    help="""Ask a running station why.

    Which rows were tried, which guard said no, and what it looked at; ✓ taken, ✗ refused, – ignored.
    """,
)
app.add_typer(explain, name="explain")

Control = Annotated[str, typer.Option("--control", help="HOST:PORT of the station's control API.")]


@explain.command("connector", epilog=_EXPLAIN_EXAMPLES)
def explain_connector(
    number: Annotated[int, typer.Argument(min=0, help="Which connector; 0 is the main controller.")],
    control: Control = "127.0.0.1:8080",
) -> None:
    """Why a connector has its status, and what would lead on."""
    from pilotline.tools.asking import explained_connector
    from pilotline.tools.running import address_of
    from pilotline.tools.terminal_log import show

    show(explained_connector(address_of(control), number))


@explain.command("limit", epilog=_EXPLAIN_EXAMPLES)
def explain_limit(
    number: Annotated[int, typer.Argument(min=1, help="Which connector.")],
    control: Control = "127.0.0.1:8080",
) -> None:
    """Why a connector may draw what it may now: profiles, bounds, and the bound that holds."""
    from pilotline.tools.asking import explained_limit
    from pilotline.tools.running import address_of
    from pilotline.tools.terminal_log import show

    show(explained_limit(address_of(control), number))


@explain.command("last", epilog=_EXPLAIN_EXAMPLES)
def explain_last(
    count: Annotated[int, typer.Option(min=1, help="How many events.")] = 1,
    event: Annotated[
        str | None, typer.Option(help="Only events of this name: TagPresented, CallReceived.")
    ] = None,
    control: Control = "127.0.0.1:8080",
) -> None:
    """Why the last events came to what they came to; the newest at the end."""
    from pilotline.tools.asking import explained_last
    from pilotline.tools.running import address_of
    from pilotline.tools.terminal_log import show

    show(explained_last(address_of(control), count, event))


@app.command(epilog=_DIAGRAM_EXAMPLES)
def diagram(
    machine: Annotated[
        str | None, typer.Argument(help="Name of a machine; without one, all of them and what couples them.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.mermaid,
    output: Annotated[Path | None, typer.Option(help="File to write to, instead of the terminal.")] = None,
) -> None:
    """Draw a machine from the table that runs."""
    from pilotline.tools.diagram import diagram as drawn

    _write(drawn(machine, format_.value), output)


app.command(epilog=EXAMPLES)(check)


@app.command(epilog=_SCHEDULE_EXAMPLES)
def schedule(
    file: Annotated[Path, typer.Argument(help="JSON list of SetChargingProfile payloads.")],
    product: Products = "reference",
    connector: Annotated[int, typer.Option(min=0, help="Which connector; 0: all together.")] = 1,
    start: Annotated[str | None, typer.Option(help="A date such as 2026-12-01T18:00:00Z; else now.")] = None,
    duration: Annotated[int, typer.Option(min=1, help="Seconds.")] = 86_400,
    unit: Annotated[Unit, typer.Option(help="Ampere per phase, or watt of all phases.")] = Unit.A,
    svg: Annotated[
        Path | None, typer.Option("--svg", help="Draw into this file, instead of the terminal.")
    ] = None,
) -> None:
    """Show what charging profiles come to: the composite schedule, and which bound wins when.

    Charging is taken to begin at the start; a TxProfile is taken to be of that transaction.
    """
    from rich.console import Console

    from pilotline.tools import schedule as schedules
    from pilotline.tools.running import product_of
    from pilotline.tools.schedule_picture import picture

    begin = schedules.start_of(start)
    profiles = schedules.profiles_in(schedules.text_of(file), begin)
    question = schedules.Question(product_of(product), profiles, connector, begin, duration, unit.value)
    found = schedules.drawn(question)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    console.print(schedules.table_of(found))
    if svg is None:
        typer.echo(schedules.plot_of(found))
    else:
        _write(picture(found), svg)


@app.command(epilog=_SPEC_EXAMPLES)
def spec(
    json_: Annotated[bool, typer.Option("--json", help="As JSON, which is the only form there is.")] = False,
    output: Annotated[Path | None, typer.Option(help="File to write to, instead of the terminal.")] = None,
) -> None:
    """Write out all tables as JSON.

    Machines with their rows, operations, levels, configuration keys, actions, statuses.
    """
    if not json_:
        raise typer.BadParameter("say --json: there is no other form")
    from pilotline.tools.spec_json import spec_json

    _write(spec_json(), output)


@app.command()
def products() -> None:
    """List the products that come with Pilotline."""
    from pilotline.spec.products import load_product, product_names

    for name in product_names():
        product = load_product(name)
        identity, count = product.identity, len(product.connectors)
        kinds = "/".join(sorted({connector.kind for connector in product.connectors}))
        maker = f"{identity.charge_point_vendor} {identity.charge_point_model}"
        typer.echo(f"{name:<12} {maker}, {count} {kinds} connectors, {len(product.readers)} readers")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
    else:
        output.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")


# --- errors -------------------------------------------------------------------------------------------------


def main() -> NoReturn:
    """Run the command line; every error is one line on stderr and a status that is not 0."""
    sys.exit(_status(sys.argv[1:] or ["--help"]))


def _status(arguments: list[str]) -> int:
    try:
        result = app(args=arguments, standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except typer.TyperException as error:
        return _failed(f"{error.format_message()} (pilotline --help tells more)", 2)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  (no traceback is ever for the user)
        return _failed(_reason(error), 1)
    return result if isinstance(result, int) else 0


def _reason(error: Exception) -> str:
    """One line: what our own errors say; of a bug, what and where."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if type(error).__module__.startswith("pilotline.") or isinstance(error, ValueError | OSError):
        lines = str(error).splitlines() or [type(error).__name__]
        return lines[0] if len(lines) == 1 else f"{lines[0]} (and {len(lines) - 1} more)"
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" at {Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"
    return f"failed, which is a bug: {type(error).__name__}{where}: {error}".replace("\n", " ")


def _failed(reason: str, status: int) -> int:
    print(f"pilotline: {reason}", file=sys.stderr)  # noqa: T201  (this is the program's voice)
    return status


if __name__ == "__main__":
    main()
