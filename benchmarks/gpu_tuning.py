import hashlib, sys, time, traceback, warnings
import numpy as np
import fastsoftq as fsq
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.engine.gpu.driver import gpu
from fastsoftq.engine.gpu.layout import layout_for
from fastsoftq.engine.gpu.reachable import reachable
from fastsoftq.engine.gpu.training_runs import Batch, run_on_gpu
from fastsoftq.training import Training

warnings.simplefilter("ignore")
g = gpu(0)
print(g.card, g.free() >> 20, "MiB free", flush=True)
EP = 1000
cliff = fsq.cliff_walking()
hard = fsq.QLearning(0.8, 0.95, fsq.LinearDecay(0.9, 0.1, 0.001))
soft = lambda k: fsq.SoftQLearning(0.8, 0.95, 1.0, k)
F, D = np.float32, np.float64
cases = {
    "hard": (hard, D, 405504),
    "soft k=1": (soft(1.0), D, 50688),
    "soft k=10": (soft(10.0), D, 405504),
    "mixed k=1": (soft(1.0), F, 50688),
    "mixed k=10": (soft(10.0), F, 405504),
}


def digest(c, n):
    return [hashlib.sha256(np.ascontiguousarray(x[:n]).tobytes()).hexdigest()[:8] for x in (c[0], c[1], c[2])]


def on_gpu(mdp, agent, like, seeds, episodes, max_steps, keep_q=False):
    t = Training.checked(mdp, agent, seeds, episodes, max_steps, "mixed" if like is F else "double", keep_q=keep_q)
    out = t._room(seeds)
    t0 = time.perf_counter()
    run_on_gpu(
        g,
        mdp,
        t.agent,
        like,
        np.arange(seeds, dtype=np.uint64),
        np.zeros((1, mdp.n_states, mdp.n_actions)),
        max_steps,
        out,
    )
    return out, time.perf_counter() - t0


rng = np.random.default_rng(0)


def rnd(n):
    return fsq.TabularMDP(
        next_state=rng.integers(0, n, (n, 4)),
        reward=rng.normal(-1, 1, (n, 4)),
        terminated=rng.random((n, 4)) < 0.02,
        start=0,
    )


cases = {
    "hard": (hard, D, 202752),
    "soft k=1": (soft(1.0), D, 50688),
    "soft k=10": (soft(10.0), D, 405504),
    "mixed k=1": (soft(1.0), F, 50688),
    "mixed k=10": (soft(10.0), F, 405504),
}


def kernel(name, mdp, agent, like, runs, configs, ep=EP, ms=500):
    part = reachable(mdp)
    for near, threads in configs:
        try:
            lay = layout_for(part.tables, g.card, runs, near, threads)
            b = Batch(
                g,
                part,
                lay,
                checked(agent),
                like,
                np.arange(runs, dtype=np.uint64),
                np.zeros((1, mdp.n_states, 4)),
                ms,
                ep,
                np.zeros(0, np.int64),
                0,
            )
            best = 9e9
            for _ in range(2):
                t0 = time.perf_counter()
                b.launch()
                g.stream.sync()
                best = min(best, time.perf_counter() - t0)
            steps = int(b.counts(g.stream)[2])
            a = b._kernel.attributes
            print(
                f"{name:10} near {near} threads {threads} blocks {lay.blocks}x{lay.threads} regs {a.num_regs}: {best * 1e3:8.1f} ms {steps / best / 1e9:6.2f} G/s",
                flush=True,
            )
            b.close()
        except Exception as e:
            print(name, near, threads, type(e).__name__, str(e)[:200], flush=True)


print("== kernel", flush=True)
T0 = time.time()
for name, (agent, like, runs) in cases.items():
    kernel(
        name,
        cliff,
        agent,
        like,
        runs,
        [
            (192, 384),
            (192, 192),
            (192, 576),
            (128, 384),
            (128, 512),
            (128, 640),
            (96, 384),
            (64, 512),
            (0, 512),
            (0, 256),
        ],
    )
    print(time.time() - T0)
print("== whole", flush=True)
for name in ("hard", "soft k=10", "mixed k=10"):
    agent, like, runs = cases[name]
    for _ in range(2):
        out, s = on_gpu(cliff, agent, like, runs, EP, 500)
        print(
            f"{name:10} {s:.3f} s {out.lengths.sum(dtype=np.int64) / s / 1e9:.2f} G/s {runs * EP * 13 / s / 1e9:.2f} GB/s",
            flush=True,
        )
        del out
print(time.time() - T0)
print("== worlds", flush=True)
for n in (1000, 10000, 100000, 1000000):
    mdp = rnd(n)
    kernel(
        f"{n} states", mdp, hard, D, 132 * 512, [(0, 128), (0, 256), (0, 512)] if n < 1e6 else [(0, 128)], ep=20, ms=200
    )
print(time.time() - T0)
