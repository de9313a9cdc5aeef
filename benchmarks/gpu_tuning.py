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
cases = {"hard": (hard, D, 405504), "soft k=1": (soft(1.0), D, 50688), "soft k=10": (soft(10.0), D, 405504), "mixed k=1": (soft(1.0), F, 50688), "mixed k=10": (soft(10.0), F, 405504)}

def digest(c, n):
    return [hashlib.sha256(np.ascontiguousarray(x[:n]).tobytes()).hexdigest()[:8] for x in (c[0], c[1], c[2])]

def on_gpu(mdp, agent, like, seeds, episodes, max_steps, keep_q=False):
    t = Training.checked(mdp, agent, seeds, episodes, max_steps, "mixed" if like is F else "double", keep_q=keep_q)
    out = t._room(seeds)
    t0 = time.perf_counter()
    run_on_gpu(g, mdp, t.agent, like, np.arange(seeds, dtype=np.uint64), np.zeros((1, mdp.n_states, mdp.n_actions)), max_steps, out)
    return out, time.perf_counter() - t0

print("== bits", flush=True)
rng = np.random.default_rng(0)
slippery = fsq.TabularMDP(next_state=rng.integers(0, 30, (30, 6, 3)), reward=rng.normal(-1, 1, (30, 6, 3)), terminated=rng.random((30, 6, 3)) < 0.05, probability=rng.dirichlet(np.ones(3), (30, 6)), start=np.r_[np.full(10, 0.1), np.zeros(20)])
big = fsq.TabularMDP(next_state=rng.integers(0, 3000, (3000, 4)), reward=rng.normal(-1, 1, (3000, 4)), terminated=rng.random((3000, 4)) < 0.02, start=0)
for name, mdp, agent, like in [("cliff hard", cliff, hard, D), ("cliff soft", cliff, soft(10.0), D), ("cliff mixed", cliff, soft(10.0), F), ("cliff sarsa", cliff, fsq.Sarsa(0.8, 0.95), D), ("slippery soft", slippery, soft(1.0), D), ("slippery exp sarsa", slippery, fsq.ExpectedSarsa(0.5, 0.9), D), ("big hard", big, hard, D), ("big soft", big, soft(1.0), F)]:
    try:
        out, s = on_gpu(mdp, agent, like, 500, 100, 200, True)
        ref = fsq.train(mdp, agent, 500, 100, 200, precision="mixed" if like is F else "double", keep_q=True)
        print(name, np.array_equal(out.returns, ref.returns), np.array_equal(out.lengths, ref.lengths), np.array_equal(out.truncated, ref.truncated), np.array_equal(out.tables[:, 0], ref.final_q), f"{s:.2f} s", flush=True)
    except Exception:
        print(traceback.format_exc()[-400:])
print("== kernel", flush=True)
part = reachable(cliff)
for name, (agent, like, runs) in cases.items():
    for near, threads in [(None, None), (192, 192), (192, 384), (192, 576), (160, 320), (128, 512), (128, 384), (96, 384), (64, 512), (0, 512), (0, 1024)]:
        try:
            lay = layout_for(part.tables, g.card, runs, near, threads)
            b = Batch(g, part, lay, checked(agent), like, np.arange(runs, dtype=np.uint64), np.zeros((1, 48, 4)), 500, EP, np.zeros(0, np.int64), 0)
            best = 9e9
            for _ in range(2):
                b.launch(); 
                g.stream.sync()
                t0 = time.perf_counter(); b.launch(); g.stream.sync(); best = min(best, time.perf_counter() - t0)
            steps = int(b.counts(g.stream)[2])
            a = b._kernel.attributes
            print(f"{name:10} near {near} threads {threads} blocks {lay.blocks} regs {a.num_regs} local {a.local_size_bytes}: {best*1e3:8.1f} ms {steps/best/1e9:6.2f} G/s", flush=True)
            b.close()
            if near is None and name != "soft k=1": pass
        except Exception as e:
            print(name, near, threads, type(e).__name__, str(e)[:200], flush=True)
print("== whole", flush=True)
for name, (agent, like, runs) in cases.items():
    for _ in range(2):
        try:
            out, s = on_gpu(cliff, agent, like, runs, EP, 500)
            print(f"{name:10} {s:.3f} s {out.lengths.sum(dtype=np.int64)/s/1e9:.2f} G/s {runs*EP*13/s/1e9:.2f} GB/s", flush=True)
            del out
        except Exception:
            print(traceback.format_exc()[-400:])
