"""A scope's tables as Promela: SPIN puts the components together once more, and has a second opinion.

Theory of operation: every slot that ever changes is a number, and every step of the station one atomic move: the world
chooses what happens, then the rounds run, first in, first out, each component looking at the state at the start of the
round. A table is an `if` whose options are its rows; a combination that no row has is an assertion that fails: SPIN
cannot go unnoticed where the tables know nothing. What only serves within a step is empty or 0 between steps.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from pilotline.core.declared import MACHINES
from pilotline.core.events import PoweredUp
from pilotline.tools.check.environment import powered_up
from pilotline.tools.check.interned import IN_MEMORY, SLOTS
from pilotline.tools.check.looked_at import Offer, World
from pilotline.tools.check.numbered import CALL, OUTBOX, TIMERS, Key
from pilotline.tools.check.promela_legend import legend
from pilotline.tools.check.promela_table import choice, guards, indented, sequence, table
from pilotline.tools.check.recomposed import DELIVERED, DURABLE, IN_ORDER, Found
from pilotline.tools.check.settled import NAMESPACES
from pilotline.tools.check.tabulated import (
    KEPT,
    OLDEST_GONE,
    Booted,
    Fired,
    NotInTheModel,
    Row,
    Tables,
)

IDLE: Final = Row((), (), (), 0)
PROMISES: Final = {"durable": DURABLE, "delivered": DELIVERED, "in_order": IN_ORDER}
"""The assertions of the model, and what they promise."""
SHARES: Final = """\
/* Within a step; between steps all of it is empty or 0. */
chan raised = [{room}] of {{ short }};
chan ordered = [{room}] of {{ short, short }};
short event, said, sends, oldest, passes, left, place, order;
bool starts;
{after}
{alive}

#define NOTHING 0
#define ANSWERED 1 /* the Central System answers the message that it was sent */
#define FAILED 2 /* it errs, or is silent */

/* What is promised, and that SPIN finds nothing but what is in the tables. */
bool durable = true, delivered = true, in_order = true, tabulated = true;"""


class Promela:
    """The text of one model, from tables that a search has filled."""

    def __init__(self, tables: Tables, found: Found) -> None:
        self.tables, self.found = tables, found
        self.varying = [place for place in range(len(SLOTS)) if tables.slots.count(place) > 1]
        self._first_event = _first_event(tables)
        self.bits = self._bits()

    def text(self) -> str:
        """The whole model; the same for the same scope."""
        key = legend(self.tables, self.varying)
        parts = (self._header(), key, self._declarations(), self._unfollowed(), self._world(), "")
        return "\n\n".join(parts)

    # --- state ---

    def _header(self) -> str:
        scope, tables = self.tables.scope, self.tables
        acting = [name for name, _ in self._acting()]
        idle = [machine.name for machine in MACHINES if machine.name not in acting]
        return "\n".join(
            (
                f"/* {scope.name}: {scope.says}",
                f"   Station: {tables.variant.says}",
                "   Made of the machines' own rows by `python -m pilotline.tools.check.promela` (docs/spin.md).",
                f"   Components: {', '.join(acting)}",
                f"   They never act here: {', '.join(idle)} */",
            )
        )

    def _declarations(self) -> str:
        booted = self.tables.first_boot(self._first_event).node
        slots = [
            f"short {SLOTS[p]} = {booted[p]}; /* {'Memory' if p < IN_MEMORY else 'Moment'} */"
            for p in self.varying
        ]
        after = "\n".join(f"short after_{SLOTS[p]};" for p in self.varying)
        alive = "\n".join(f"short alive_{_word(name)};" for name in sorted(self.bits))
        shares = SHARES.format(room=self.found.raised_max + 8, after=after, alive=alive)
        held = "/* The station: what each slot holds, by number. */"
        return "\n".join((held, *slots, "bool running = false;\n", shares))

    # --- components ---

    def _acting(self) -> Iterator[tuple[str, Mapping[int, Mapping[Key, Row]]]]:
        """Components that ever act, with the rows of the events on which they do."""
        for machine in MACHINES:
            by_event: dict[int, dict[Key, Row]] = defaultdict(dict)
            for (event, key), row in self.tables.rows[machine.name].items():
                by_event[event][key] = row
            acts = {e: rows for e, rows in sorted(by_event.items()) if set(rows.values()) != {IDLE}}
            if acts:
                yield machine.name, acts

    def _components(self) -> Iterator[str]:
        for name, acts in self._acting():
            options = []
            reads = self.tables.reads[name]
            for event, rows in acts.items():
                looked = self.tables.looks[name, event]
                columns = [at for at, p in enumerate(reads) if p in looked and p in self.varying]
                found = {tuple([key[at] for at in columns]): self._row(row) for key, row in rows.items()}
                does = table([SLOTS[reads[at]] for at in columns], found)
                does = sequence(type(self.tables.events[event]).__name__, does)
                options.append(f":: event == {event} ->\n{indented(does)}")
            yield sequence(f"the component {name}", choice(options))

    def _row(self, row: Row) -> str:
        does = [f"after_{SLOTS[p]} = {number}" for p, number in row.writes if p in self.varying]
        does += [f"ordered!{p},{order}" for p, order in row.orders]
        does += [f"raised!{event}" for event in row.raised]
        does += [f"sends = {row.sends}"] if row.sends else []
        return "; ".join(does) or "skip"

    def _carry(self) -> str:
        options = []
        for place, carried in self.tables.carried.items():
            after = f"after_{SLOTS[place]}"
            does = table(
                (after, "order"), {key: _becomes(after, key[0], number) for key, number in carried.items()}
            )
            options.append(f":: place == {place} ->\n{indented(does)}")
        each = f":: len(ordered) > 0 ->\n  ordered?place,order;\n{indented(choice(options))}"
        orders = f"do\n{each}\n:: else -> break\nod"
        return sequence("what was ordered, in order", orders)

    def _promises(self) -> str:
        tables = self.tables
        oldest = {(o,): f"oldest = {tables.waiting(o)[0]}" for o in tables.outboxes() if tables.waiting(o)}
        became = {}
        for (before, after), what in tables.became.items():
            only_if = "said != NOTHING" if tables.used_up(before) else "said == ANSWERED"
            does = {KEPT: "skip", OLDEST_GONE: f"delivered = ({only_if})"}.get(what, "delivered = false")
            became[before, after] = does
        is_oldest = f"{table(('outbox',), oldest)};\nin_order = (oldest == sends);\nassert(in_order)"
        stay = f"{table(('outbox', 'after_outbox'), became)};\nassert(delivered)"
        return sequence(
            "what is promised",
            choice([f":: sends != 0 ->\n{indented(is_oldest)}"]),
            choice([f":: after_outbox != outbox ->\n{indented(stay)}"]),
        )

    def _round(self) -> str:
        """Each component looks at the state at the start of the round."""
        before = [f"after_{SLOTS[p]} = {SLOTS[p]}" for p in self.varying]
        after = [f"{SLOTS[p]} = after_{SLOTS[p]}; after_{SLOTS[p]} = 0" for p in self.varying]
        return sequence(
            "a round",
            sequence("it begins", "raised?event", "sends = 0", *before),
            *self._components(),
            self._carry(),
            self._promises(),
            sequence("it ends", *after),
        )

    # --- power and time ---

    def _boot(self) -> str:
        """Memory is kept, the Moment is made anew."""
        boots = self.tables.boots
        numbers = {p: {booted.node[p] for booted in boots.values()} for p in self.varying}
        differs = [p for p in self.varying if len(numbers[p]) > 1]
        columns = [p for p in self.varying if p < IN_MEMORY]
        rows = {
            (event, *(memory[p] for p in columns)): self._booted(booted, differs)
            for (event, memory), booted in boots.items()
        }
        always = [f"{SLOTS[p]} = {numbers[p].pop()}" for p in self.varying if len(numbers[p]) == 1]
        does = table(("event", *(SLOTS[p] for p in columns)), rows)
        return sequence("power was cut, and is on", does, *always, "said = NOTHING")

    def _booted(self, booted: Booted, differs: list[int]) -> str:
        if booted.became != KEPT:
            return "durable = false; assert(durable)"
        writes = [f"{SLOTS[p]} = {booted.node[p]}" for p in differs]
        return "; ".join([*writes, *(f"raised!{event}" for event in booted.raised)])

    def _pass(self) -> str:
        """Time passes: what is counted from the present comes nearer."""
        does = []
        for place in self.varying:
            shifted = self.tables.settled.passed[place]
            if any(held != number for (held, _), number in shifted.items()):
                rows = {key: _becomes(SLOTS[place], key[0], number) for key, number in shifted.items()}
                does.append(table((SLOTS[place], "passes"), rows))
        return sequence("time passes", *does)

    # --- the world ---

    def _at_once(self) -> str:
        """The first that has something to do does it before anything else may happen."""
        does = "skip"
        for world in reversed(self.tables.at_once):
            names, rows = self._columns(world)
            found = {key: self._offer(offers[0]) if offers else "skip" for key, offers in rows.items()}
            otherwise = f":: event == 0 ->\n{indented(does)}"
            does = f"{table(names, found)};\n{choice([otherwise])}"
        return sequence("what happens at once", "event = 0", does)

    def _columns(self, world: World) -> tuple[list[str], dict[Key, tuple[Offer, ...]]]:
        at = [at for at, place in enumerate(world.places) if place in self.varying]
        rows = {tuple([key[column] for column in at]): offers for key, offers in world.rows.items()}
        return [SLOTS[world.places[column]] for column in at], rows

    def _offer(self, offer: Offer) -> str:
        return f"event = {offer.event}; said = {offer.said}"

    def _offers(self, world: World) -> Iterator[str]:
        """An option for each thing that may happen."""
        names, rows = self._columns(world)
        by_offer: dict[Offer, list[Key]] = defaultdict(list)
        for key, offers in rows.items():
            for offer in offers:
                by_offer[offer].append(key)
        for offer, keys in by_offer.items():
            kind = type(self.tables.events[offer.event]).__name__
            for guard in guards(names, keys):
                yield f":: followed && ({guard}) -> {self._offer(offer)} /* {kind} */"

    def _deadlines(self) -> Iterator[str]:
        """An option for what the next deadline brings."""
        by_fired: dict[Fired, list[Key]] = defaultdict(list)
        for key, fired in self.tables.fired.items():
            if fired is not None:
                by_fired[fired].append(key)
        for fired, keys in by_fired.items():
            does = [f"passes = {fired.after_ms}", f"event = {fired.raised}", f"said = {fired.said}"]
            does += [f"left = {fired.timers + 1}"] if fired.raised else []
            for guard in guards((SLOTS[TIMERS], SLOTS[CALL]), keys):
                yield f":: followed && ({guard}) -> {'; '.join(does)}"

    # --- what is the same ---

    def _bits(self) -> dict[str, dict[int, dict[int, int]]]:
        """By namespace and slot, what each value of the slot keeps alive; only slots that keep anything alive."""
        found: dict[str, dict[int, dict[int, int]]] = defaultdict(dict)
        for place in range(len(SLOTS)):
            values = {
                held: self.tables.settled.alive_in(place, held)
                for held, _ in self.tables.settled.counted[place]
            }
            for name in {name for alive in values.values() for name, bits in alive.items() if bits}:
                found[name][place] = {held: alive.get(name, 0) for held, alive in values.items()}
        return found

    def _settle(self) -> str:
        """The numbers that are alive are counted from the lowest."""
        does = []
        nothing = [f"alive_{_word(name)} = 0" for name in sorted(self.bits)]
        for name, by_place in sorted(self.bits.items()):
            alive = f"alive_{_word(name)}"
            does.append(f"{alive} = 0")
            for place, values in by_place.items():
                if place in self.varying:
                    rows = {
                        (held,): f"{alive} = {alive} | {bits}" if bits else "skip"
                        for held, bits in values.items()
                    }
                    does.append(table((SLOTS[place],), rows))
                else:
                    does.append(f"{alive} = {alive} | {max(values.values())}")
        settled = [text for text in map(self._settled, self.varying) if text]
        return sequence(
            "what is the same",
            sequence("the numbers that are alive", *does),
            *(sequence("counted from the lowest", text) for text in settled),
            sequence("that is all", *nothing),
        )

    def _settled(self, place: int) -> str:
        found = self.tables.settled.counted[place]
        if all(held == number for (held, _), number in found.items()):
            return ""
        at = [at for at, name in enumerate(NAMESPACES[place]) if name in self.bits]
        names = [SLOTS[place], *(f"alive_{_word(NAMESPACES[place][column])}" for column in at)]
        return table(
            names,
            {
                (held, *(alive[column] for column in at)): _becomes(SLOTS[place], held, number)
                for (held, alive), number in found.items()
            },
        )

    # --- a step ---

    def _rounds(self) -> str:
        """Until nothing is raised any more, and nothing happens at once after that."""
        again = choice([":: event > 0 -> raised!event"], ":: else -> break")
        otherwise = indented(f"{self._at_once()};\n{again}")
        return f"do\n:: len(raised) > 0 ->\n{indented(self._round())}\n:: else ->\n{otherwise}\nod"

    def _begin(self) -> str:
        """What was chosen happens."""
        first = "; ".join(f"raised!{event}" for event in self.tables.first_boot(self._first_event).raised)
        cuts = dict.fromkeys(event for event, _ in self.tables.boots)
        cut = " || ".join(f"event == {event}" for event in cuts) or "false"
        return sequence(
            "it happens",
            'printf("then %d %d\\n", event, passes)',
            choice([f":: passes > 0 ->\n{indented(self._pass())}"]),
            choice([f":: left > 0 -> {SLOTS[TIMERS]} = left - 1"]),
            choice(
                [
                    f":: starts -> {first}",
                    f":: {cut} ->\n{indented(self._boot())}",
                    f":: event > 0 && !({cut}) -> raised!event",
                ]
            ),
            "passes = 0; left = 0; event = 0; starts = false",
        )

    def _world(self) -> str:
        options = [":: !running -> running = true; starts = true"]
        for world in self.tables.players:
            options += self._offers(world)
        options += self._deadlines()
        chosen = "\n".join(["if", *options, "fi"])
        settled = indented(f"{self._rounds()};\n{self._settle()}")
        go_on = choice([f":: len(raised) > 0 ->\n{settled}"])
        end = sequence("it is over", "event = 0; said = 0; sends = 0; oldest = 0; place = 0; order = 0")
        move = indented(indented(sequence("what happens next", chosen, self._begin(), go_on, end)))
        return f"init {{\nend: do\n:: atomic {{\n{move}\n  }}\nod\n}}"

    def _unfollowed(self) -> str:
        """Where the scope does not go on."""
        left = {node[OUTBOX] for node in self.found.nodes if not self.tables.followed(node)}
        if any(node[OUTBOX] in left and self.tables.followed(node) for node in self.found.nodes):
            raise NotInTheModel("a scope that is bounded by more than the outbox")
        beyond = " || ".join(f"{SLOTS[OUTBOX]} == {number}" for number in sorted(left)) or "false"
        return f"#define followed (running && !({beyond}))"


def _first_event(tables: Tables) -> PoweredUp:
    product = tables.scope.product
    return powered_up(product, (False,) * (len(product.connectors) + 1))


def _becomes(slot: str, held: int, number: int) -> str:
    return "skip" if held == number else f"{slot} = {number}"


def _word(name: str) -> str:
    return name.replace(" ", "_")
