"""The page of results, in Markdown."""


class Report:
    """Collects what the parts measure. All times are medians, in seconds."""

    def __init__(self):
        self.budgets = []
        self.ways = {"tenantctl": {}}
        self.large = []
        self.versions = []
        self.gateways = []

    def budget(self, what, ours, reference, theirs, limit=None):
        """A figure beside the one that it is held against."""
        self.budgets.append((what, duration(ours), reference, duration(theirs), f"{ours / theirs:.2f}", bound(limit)))

    def ceiling(self, what, measured, limit):
        """A figure with an absolute limit, both as text."""
        self.budgets.append((what, measured, "", "", "", f"<= {limit}"))

    def way(self, way, what, seconds):
        """How long one way of doing a job takes; `tenantctl` is one of them."""
        self.ways.setdefault(way, {})[what] = seconds

    def alone(self, command, remark, run):
        """A command on the large fleet, where nothing stands beside it."""
        what = f"`{command}`" + (f", {remark}" if remark else "")
        self.large.append((what, duration(run.seconds), f"{run.peak_mib:.0f} MiB"))

    def gateway(self, what, ours, reference="", theirs="", ratio="", budget=""):
        """A figure of tenantctl-gateway, with the one that it is held against if there is one; all as text."""
        self.gateways.append((what, ours, reference, theirs, ratio, budget))

    def page(self, introduction):
        parts = [introduction]
        if self.budgets:
            heading = ("what", "tenantctl", "reference", "its time", "ratio", "budget")
            parts += ["## The budget\n", table(heading, self.budgets)]
        if len(self.ways) > 1:
            parts += ["## Beside other ways\n", WAYS + "".join(self.versions), self.ways_table()]
        if self.large:
            parts += ["## The large fleet\n", LARGE, table(("command", "time", "peak memory"), self.large)]
        if self.gateways:
            heading = ("what", "tenantctl-gateway", "reference", "its figure", "ratio or difference", "budget")
            parts += ["## The gateway\n", GATEWAY, table(heading, self.gateways)]
        return "\n".join(parts)

    def ways_table(self):
        """A line for each job, a column for each way of doing it."""
        ours = self.ways["tenantctl"]
        jobs = list(dict.fromkeys(job for times in self.ways.values() for job in times))

        def cell(job, times):
            if job not in times:
                return "-"
            factor = f" ({times[job] / ours[job]:.2g} x)" if job in ours and times is not ours else ""
            return duration(times[job]) + factor

        return table(("", *self.ways), [(job, *(cell(job, times) for times in self.ways.values())) for job in jobs])


WAYS = """The same tables and the same change. In brackets: how many times as long as tenantctl it takes. "create" is one tenant.
"""

LARGE = """tenantctl alone with 10,000 tenants. So that the page is made in reasonable time each has but one table and a ledger;
what is read of a tenant's state is the same as with ten. The peak is that of the resident set, as the kernel has it.
"""

GATEWAY = """tenantctl-gateway as `wrk` sees it, over connections that stay open and on the same cores as `wrk`. Each reference is
asked for the same 1,000 hosts. p50 and p99: what half of the answers and 99 of 100 took at most.
"""


def bound(limit):
    return f"<= {limit:g}" if limit else ""


def duration(seconds):
    if seconds < 0.001:
        return f"{seconds * 1000:.2f} ms"
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def table(heading, rows):
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"
