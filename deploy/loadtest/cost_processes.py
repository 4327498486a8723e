"""cost_processes.py - the processes behind a gateway on this machine, and their processor time."""

from pathlib import Path

SERVICES = {"REGISTRATIONS": 7101, "INDICATORS": 7102, "CLUSTERS": 7103, "NIGHTECONOMY": 7104}


def listeners():
    """{port: set of socket inodes} of everything that listens."""
    found = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":  # LISTEN
                found.setdefault(int(fields[1].rpartition(":")[2], 16), set()).add(fields[9])
    return found


def owners():
    """{socket inode: pid} of what can be seen."""
    found = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            for descriptor in (process / "fd").iterdir():
                target = str(descriptor.readlink())
                if target.startswith("socket:["):
                    found[target[8:-1]] = int(process.name)
        except OSError:
            continue
    return found


def environment(pid):
    try:
        text = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return {}
    return dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)


def of_gateway(port):
    """Pids of the gateway on the port and of its services; [] when they are not to be seen."""
    ports, pids = listeners(), owners()

    def pid_of(number):
        return next((pids[inode] for inode in ports.get(number, ()) if inode in pids), None)

    gateway = pid_of(port)
    if gateway is None:
        return []
    names = environment(gateway)
    found = [gateway]
    for service, fallback in SERVICES.items():
        address = names.get(f"DONGKHOI_{service}", "").split(",")[0].rpartition(":")[2]
        found.append(pid_of(int(address) if address.isdigit() else fallback))
    return [] if None in found else found


def processor_seconds(pids):
    """Of all threads of the processes, from the scheduler's count of nanoseconds."""
    total = 0
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            try:
                total += int((thread / "schedstat").read_text(encoding="ascii").split()[0])
            except OSError:
                continue
    return total / 1e9


def memory_bytes(pids):
    """Resident memory of the processes; 0 for none."""
    found = 0
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except OSError:
            continue
        line = next((line for line in status.splitlines() if line.startswith("VmRSS:")), "VmRSS: 0")
        found += int(line.split()[1]) * 1024
    return found
