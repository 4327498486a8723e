"""history_faults.py - what goes wrong while a history is made. Each act leaves all running."""

import collections
import random
import signal
import sys
import time
from pathlib import Path

import harness
from shifted_clock import ShiftedClock

# Clocks of services stay close enough together that none refuses writes for it.
SERVICE_STEPS = (-20, -5, -0.5, 0, 0.5, 5, 20)
GATEWAY_STEPS = (-86400, -20, -0.5, 0, 0.5, 20, 86400)
HOLDS = (0.02, 0.09, 0.15, 0.3, 0.6)
LONG_HOLD = (0.3, 0.7)
DELAYS = (0.05, 0.15, 0.2, 0.3)
NETWORK_SECONDS = (0.3, 0.8)


class LyingRedis(harness.Redis):
    """lying_redis.py in the place of Redis."""

    def __init__(self, port, directory, seed):
        super().__init__(port, directory)
        self.seed = seed
        self.told = collections.Counter()

    def command(self):
        return [sys.executable, Path(__file__).with_name("lying_redis.py"), self.port, self.seed]

    def now_told(self):
        """How often the process that runs has told each lie, and the truth."""
        words = (word.partition("=") for word in self.ask("LIES").split())
        return collections.Counter({lie: int(times) for lie, _, times in words if times.isdigit()})

    def lies(self):
        """How often each was told, by all processes so far."""
        told = self.told + self.now_told()
        del told["truth"]
        return told

    def kill(self):
        if self.running():
            self.told += self.now_told()
        super().kill()


class Chaos:
    """One act after another, each once before any is done again, in a random order. A program dies
    with the thread that started it, so all is done on the main one."""

    def __init__(self, system, other, relay, clocks, seed):
        self.system = system
        self.relay = relay
        self.gateways = [system["gateway"], other]
        self.services = [system[name] for name in harness.SERVICES]
        self.clocks = clocks
        self.chosen = random.Random(seed)
        self.done = []
        self.deck = []
        self.acts = [self.kill_service, self.kill_gateway, self.kill_all_services,
                     self.pause_service, self.pause_gateway, self.pause_gateway_past_its_lease,
                     self.pause_gateway_past_its_lease, self.pause_two,
                     self.delay_answers, self.delay_answers, self.lose_watches, self.cut_network,
                     self.pause_redis, self.flush_redis, self.restart_redis,
                     self.step_clock, self.step_clock, self.step_clock_back]

    def kill_and_start(self, victims):
        for victim in victims:
            victim.kill()
        time.sleep(self.chosen.uniform(0, 0.2))
        for victim in victims:
            victim.start()
        return ",".join(victim.name for victim in victims)

    def kill_service(self):
        return self.kill_and_start([self.chosen.choice(self.services)])

    def kill_gateway(self):
        return self.kill_and_start([self.chosen.choice(self.gateways)])

    def kill_all_services(self):
        return self.kill_and_start(self.services)

    def hold(self, victims, seconds=None):
        seconds = seconds or self.chosen.choice(HOLDS)
        for victim in victims:
            victim.signal(signal.SIGSTOP)
        time.sleep(seconds)
        for victim in victims:
            victim.signal(signal.SIGCONT)
        return f"{','.join(victim.name for victim in victims)} for {seconds:.2f} s"

    def pause_service(self):
        return self.hold([self.chosen.choice(self.services)])

    def pause_gateway(self):
        return self.hold([self.chosen.choice(self.gateways)])

    def pause_gateway_past_its_lease(self):
        """Reads come meanwhile, and find it with a lease that has ended."""
        return self.hold([self.chosen.choice(self.gateways)], self.chosen.uniform(*LONG_HOLD))

    def pause_two(self):
        return self.hold([self.chosen.choice(self.gateways), self.chosen.choice(self.services)])

    def disturb_network(self, **how):
        """The relay between the other gateway and a service is so for a while."""
        usual = {name: getattr(self.relay, name) for name in how}
        vars(self.relay).update(how)
        time.sleep(self.chosen.uniform(*NETWORK_SECONDS))
        vars(self.relay).update(usual)
        return how

    def delay_answers(self):
        """Longer than a lease, or not: also those to renewals and watches."""
        return self.disturb_network(answers_late=self.chosen.choice(DELAYS))

    def lose_watches(self):
        return self.disturb_network(lose_watches=True)

    def cut_network(self):
        return self.disturb_network(lose_requests=True, lose_answers=True)

    def pause_redis(self):
        return self.hold([self.system.redis])

    def flush_redis(self):
        return self.system.redis.ask("FLUSHALL")

    def restart_redis(self):
        """Redis dies and comes back, with the entries of a while ago where it keeps any."""
        return self.kill_and_start([self.system.redis])

    def step_clock(self, back=False):
        program = self.chosen.choice(sorted(self.clocks, key=lambda p: str(p.log)))
        clock = self.clocks[program]
        steps = GATEWAY_STEPS if program in self.gateways else SERVICE_STEPS
        to = self.chosen.choice([step for step in steps if step != clock.seconds])
        if back:
            if clock.seconds == steps[0]:
                clock.shift(steps[-1])
                time.sleep(0.1)
            to = self.chosen.choice([step for step in steps if step < clock.seconds])
        said = f"{program.name} from {clock.seconds} to {to}"
        clock.shift(to)
        return said

    def step_clock_back(self):
        return self.step_clock(back=True)

    def act(self):
        """The next one, and a moment in which nothing happens."""
        if not self.deck:
            self.deck = list(self.acts)
            self.chosen.shuffle(self.deck)
        act = self.deck.pop()
        self.done.append((act.__name__, act()))
        time.sleep(self.chosen.uniform(0.05, 0.3))

    def missing(self):
        """The acts that have not come to pass yet."""
        return {act.__name__ for act in self.acts} - {name for name, _ in self.done}


def with_clocks(programs):
    """A clock of its own for each; takes effect at their next start."""
    return {program: ShiftedClock(program) for program in programs}
