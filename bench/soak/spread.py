"""How the kernel spreads sources over ingest threads, and what one source address can send at most."""

import time

import arena
import results

NAME, TITLE, SECONDS = "spread", "Soak: spread over threads", 5

SENDERS = (1, 4, 64)
THREADS = (2, 4)
RATE_PER_S = 20_000
FAMILIES = {"IPv4": ("127.0.0.1", "10.1.0.1"), "IPv6": ("::1", "2001:db8::1")}
LADDER = (25_000, 50_000, 75_000, 100_000, 125_000, 150_000, 200_000, 250_000, 300_000, 400_000)
TRIES = 3  # a busy machine spoils one now and then
ONE_SOURCE_PROGRAMS = 2  # forge the same address, because one alone is slower than weir
BUFFER = "8MiB"


class Bench:
    """Resource of the arena: one weir with so many threads, asked for what it received in a run."""

    def __init__(self, place, sink, threads):
        one = arena.listener("udp", "udp", "[::]", limits={"receive_buffer_bytes": BUFFER})
        config = arena.configuration([one], [sink.url])
        config["ingest_threads"] = threads
        self.weir = place.weir(config, f"weir-{threads}")
        self.place = place

    def counts(self):
        status = self.weir.quiet(60)
        by_thread = [thread["received"] for thread in status["threads"]]
        return by_thread, status["listeners"][0]["kernel_dropped"]

    def send(self, family, senders, rate, seconds, programs=1):
        """(what the programs told, messages by thread, what the kernel dropped)"""
        to, first = FAMILIES[family]
        before, dropped_before = self.counts()
        tools = [
            arena.forger(
                self.weir.port("udp"),
                to=to,
                **{"from": first},
                sources=senders,
                rate=rate // programs,
                seconds=seconds,
            )
            for _ in range(programs)
        ]
        told = [self.place.own(tool).result(seconds * 10 + 60) for tool in tools]
        after, dropped = self.counts()
        whole = {
            "sent": sum(one["sent"] for one in told),
            "seconds": max(one["seconds"] for one in told),
        }
        return whole, [b - a for a, b in zip(before, after)], dropped - dropped_before


def run(place, seconds, checks):
    sink = place.sink()
    shares, ceilings = [], []
    for threads in THREADS:
        bench = Bench(place, sink, threads)
        for family in FAMILIES:
            for senders in SENDERS:
                told, by_thread, dropped = bench.send(family, senders, RATE_PER_S, seconds)
                shares.append(share_row(threads, family, senders, by_thread))
                check_share(checks, shares[-1], told, senders, by_thread, dropped)
        if threads == THREADS[0]:
            ceilings = [ceiling(bench, family, seconds) for family in FAMILIES]
        bench.weir.kill()
    head = ["Threads", "Family", "Senders", "Messages of each thread, per cent"]
    what = f"{RATE_PER_S} messages a second for {seconds} s, from addresses that follow each other:"
    one = f"The highest rate of one source address without loss, for {seconds} s, best of {TRIES}:"
    limits = results.table(["", "messages a second", "above it"], ceilings)
    return [what, results.table(head, shares), one, limits]


def share_row(threads, family, senders, by_thread):
    total = sum(by_thread) or 1
    shares = ", ".join(f"{100 * count / total:.0f}" for count in sorted(by_thread, reverse=True))
    return threads, family, senders, shares


def check_share(checks, row, told, senders, by_thread, dropped):
    threads, family, *_ = row
    held = sum(by_thread) + dropped == told["sent"]
    busy = sum(count > 0 for count in by_thread)
    held = held and busy <= senders
    # 64 addresses on one thread of several would be a steering that does not steer.
    held = held and (senders < 64 or busy == threads)
    figures = f"sent {told['sent']}, by thread {by_thread}, the kernel dropped {dropped}"
    checks.add(f"{senders} senders over {family} on {threads} threads", held, figures)


def ceiling(bench, family, seconds):
    highest, above = "below the first step", "not reached"
    for rate in LADDER:
        lost = attempt(bench, family, rate, seconds)
        if isinstance(lost, str):
            above = lost
            break
        highest = f"{rate // 1000}k/s"
    print(f"one source over {family}: {highest}; {above}", flush=True)
    return family, highest, above


def attempt(bench, family, rate, seconds):
    """None if a try went without loss, else what went wrong in the best one."""
    best = None
    for _ in range(TRIES):
        told, by_thread, dropped = bench.send(family, 1, rate, seconds, ONE_SOURCE_PROGRAMS)
        reached = told["sent"] / told["seconds"]
        if dropped == 0 and sum(by_thread) == told["sent"]:
            if reached > 0.97 * rate:
                return None
            said = f"the senders reached {reached / 1000:.0f}k/s of {rate // 1000}k/s"
        else:
            said = f"at {rate // 1000}k/s the kernel dropped {100 * dropped / told['sent']:.2f} %"
        best = best if best and dropped else said
        time.sleep(1)
    return best
