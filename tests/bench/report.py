"""report.py - what was measured against what is wanted, for people and as JSON."""

MEMORY_TO_NGINX = 0.8
SERVICE_TO_NGINX = 0.25
CREATES_64_TO_1 = 4.0
CREATES_TO_SQLITE = 0.3
CACHED_P99_MS = 2.0
PSS_MIB = 64.0
READY_MS = 500.0
# Of the answers that were to come from a tier: the first ones and the audited ones do not.
TIER_SHARE = 0.99
# Of a processor, used by strangers meanwhile: more than this disturbs.
OTHERS_BUSY = 0.1


def rate(results, name):
    for part in ("cases", "yardsticks"):
        if name in results[part]:
            return results[part][name]["per_second"]
    return None


def ratio(results, one, other):
    over, under = rate(results, one), rate(results, other)
    return over / under if over is not None and under else None


def at_least(title, value, wanted):
    return {"title": title, "value": value, "at_least": wanted,
            "passed": None if value is None else value >= wanted}


def under(title, value, limit, unit):
    return {"title": title, "value": value, "under": limit, "unit": unit,
            "passed": None if value is None else value < limit}


def judge(results, programs):
    """The marks in order. passed is None where a figure is missing."""
    cases = results["cases"]
    p99 = cases.get("progress_memory", {}).get("open", {}).get("latency_us", {}).get("p99")
    memory = sum(results["pss_kib"][name] for name in programs) / 1024
    ready = results["ready_ms"]
    group = "sqlite_32"
    marks = [
        at_least("from memory / nginx", ratio(results, "progress_memory", "nginx"),
                 MEMORY_TO_NGINX),
        at_least("from the service / nginx", ratio(results, "progress_service", "nginx"),
                 SERVICE_TO_NGINX),
        at_least("creates of 64 clients / of 1", ratio(results, "create_64", "create_1"),
                 CREATES_64_TO_1),
        at_least("creates of 64 clients / SQLite in groups of 32",
                 ratio(results, "create_64", group), CREATES_TO_SQLITE),
        under("p99 of a cached read at half of the peak",
              None if p99 is None else p99 / 1000, CACHED_P99_MS, "ms"),
        under(f"memory (PSS) of all {len(programs)} programs", memory, PSS_MIB, "MiB"),
        under("start until ready, the slowest", max([ready["empty"], *ready["loaded"]]), READY_MS,
              "ms"),
    ]
    return marks


def doubts(results):
    """What makes a figure worth less than it seems."""
    for name, case in results["cases"].items():
        for run, model in ((case, ""), (case.get("open", {}), ", open model")):
            for wrong in ("refused", "broken", "unanswered"):
                if run.get(wrong):
                    detail = f" (the last {run['last_refusal']})" if wrong == "refused" else ""
                    yield f"{name}{model}: {run[wrong]} of {run['answered']} {wrong}{detail}"
        if case.get("expected_share", 1) < TIER_SHARE:
            yield f"{name}: only {case['expected_share']:.1%} came from there"
        if case["busy"] > 0.95:
            yield f"{name}: the generator was busy {case['busy']:.0%}; the server may do more"
    runs = [run for case in results["cases"].values() for run in (case, case.get("open", case))]
    disturbed = [run["others_busy"] for run in runs if run["others_busy"] > OTHERS_BUSY]
    if disturbed:
        yield (f"{len(disturbed)} of {len(runs)} figures were disturbed: other programs kept up to "
               f"{max(disturbed):.2f} processors busy")
    for name, why in results["unmeasured"].items():
        yield f"{name}: not measured, {why}"


def cpu_text(case):
    used = sorted(case["cpu_us_per_request"].items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {microseconds:.1f}" for name, microseconds in used[:4])


def case_rows(results):
    yield (f"{'':35}{'req/s':>9} {'/nginx':>7}{'open at':>9}{'p50':>8}{'p99':>8}{'p99.9':>8}"
           "  processor µs a request")
    nginx = rate(results, "nginx")
    for case in results["cases"].values():
        run = case.get("open")
        latency = (run or case)["latency_us"]
        part = f"{case['per_second'] / nginx:.2f}" if nginx else "-"
        due = f"{run['rate']:.0f}" if run else "closed"
        times = "".join(f"{latency[name]:8.0f}" for name in ("p50", "p99", "p999"))
        yield f"{case['title']:35}{case['per_second']:9.0f} {part:>7}{due:>9}{times}  {cpu_text(case)}"
    for name, run in results["yardsticks"].items():
        latency = run["latency_us"]
        times = "".join(f"{latency[part]:8.0f}" for part in ("p50", "p99", "p999"))
        yield f"{name.replace('_', ' '):35}{run['per_second']:9.0f} {'':7}{'closed':>9}{times}"


def mark_row(mark):
    word = {True: "pass", False: "MISS", None: "  - "}[mark["passed"]]
    value = "not measured" if mark["value"] is None else f"{mark['value']:.2f}"
    if "at_least" in mark:
        return f"{word}  {mark['title']:50}{value:>10}  at least {mark['at_least']}"
    return f"{word}  {mark['title']:50}{value:>10}  under {mark['under']:.0f} {mark['unit']}"


def render(results):
    machine = results["machine"]
    ready = results["ready_ms"]
    memory = ", ".join(f"{name} {kib / 1024:.1f}" for name, kib in results["pss_kib"].items())
    lines = [
        "",
        f"{machine['processors']} processors; servers on {machine['server_cores']}, generator on "
        f"{machine['client_cores']}; median of {results['rounds']} x {results['seconds']} s; "
        "latencies in µs",
        "",
        *case_rows(results),
        "",
        f"memory (PSS, MiB): {memory}",
        f"start until ready (ms): empty {ready['empty']}, with data {ready['loaded']}",
        "",
        *map(mark_row, results["marks"]),
    ]
    lines += [f"note: {doubt}" for doubt in doubts(results)]
    return "\n".join(lines)
