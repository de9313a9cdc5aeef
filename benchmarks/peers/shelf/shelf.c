/* Plain C: agents with memory, one run at a time. What is not theirs alone is plain.c's; shelf_c.py compiles it. */
#include "../plain.c"

enum { ENTRIES = STATES * ACTIONS, STEPS = 4, PLANNING_STEPS = 5 };

static const double trace_decay = 0.9, negligible = 0x1p-53;

#define FUNCTION(name)                                                                                                \
    void name(const int32_t *next_state, const double *reward, double reward_scale, double alpha,                     \
              const int64_t *seeds, int64_t runs, int64_t episodes, int64_t max_steps, double *returns,               \
              int32_t *lengths)

static inline double exploring(int64_t episode) { return fmax(0.9 - 0.001 * (double)episode, 0.1); }

static inline uint32_t below(stream *rng, uint32_t n) { return (uint32_t)((draw(rng) >> 32) * n >> 32); }

static inline int first_highest(const double *row)
{
    int best = 0;
    for (int a = 1; a < ACTIONS; a++)
        if (row[a] > row[best]) best = a;
    return best;
}

FUNCTION(double_q_learning)
{
    for (int64_t i = 0; i < runs; i++) {
        stream rng = seeded((uint64_t)seeds[i]);
        double q[2][STATES][ACTIONS];
        memset(q, 0, sizeof q);
        for (int64_t e = 0; e < episodes; e++) {
            double epsilon = exploring(e), total = 0.0;
            int state = START, step = 0;
            while (state != GOAL && step < max_steps) {
                double both[ACTIONS];
                for (int a = 0; a < ACTIONS; a++) both[a] = q[0][state][a] + q[1][state][a];
                int action = epsilon_greedy(both, epsilon, &rng);
                int ahead = next_state[state * ACTIONS + action];
                double pays = reward[state * ACTIONS + action];
                int learns = (int)(draw(&rng) >> 63);
                double following = ahead == GOAL ? 0.0 : q[!learns][ahead][first_highest(q[learns][ahead])];
                double *entry = &q[learns][state][action];
                *entry += alpha * (reward_scale * pays + discount * following - *entry);
                total += pays;
                state = ahead;
                step++;
            }
            returns[i * episodes + e] = total;
            lengths[i * episodes + e] = step;
        }
    }
}

/* SARSA(lambda), with traces of one kind or the other: `learn` moves what is alive, and lets it fade. */
#define SARSA_LAMBDA(name, traces, replacing)                                                                         \
    FUNCTION(name)                                                                                                    \
    {                                                                                                                 \
        for (int64_t i = 0; i < runs; i++) {                                                                          \
            stream rng = seeded((uint64_t)seeds[i]);                                                                  \
            double q[ENTRIES];                                                                                        \
            traces alive;                                                                                             \
            memset(q, 0, sizeof q);                                                                                   \
            memset(&alive, 0, sizeof alive);                                                                          \
            for (int64_t e = 0; e < episodes; e++) {                                                                  \
                double epsilon = exploring(e), total = 0.0;                                                           \
                int state = START, step = 0, action = epsilon_greedy(q + state * ACTIONS, epsilon, &rng);             \
                traces##_begin(&alive);                                                                               \
                while (state != GOAL && step < max_steps) {                                                           \
                    int entry = state * ACTIONS + action, ahead = next_state[entry], following = 0;                   \
                    double pays = reward[entry], value = 0.0;                                                         \
                    if (ahead != GOAL) {                                                                              \
                        following = epsilon_greedy(q + ahead * ACTIONS, epsilon, &rng);                               \
                        value = q[ahead * ACTIONS + following];                                                       \
                    }                                                                                                 \
                    double error = reward_scale * pays + discount * value - q[entry];                                 \
                    traces##_learn(&alive, q, entry, alpha * error, replacing);                                       \
                    total += pays;                                                                                    \
                    state = ahead;                                                                                    \
                    action = following;                                                                               \
                    step++;                                                                                           \
                }                                                                                                     \
                returns[i * episodes + e] = total;                                                                    \
                lengths[i * episodes + e] = step;                                                                     \
            }                                                                                                         \
        }                                                                                                             \
    }

/* A trace of every entry: one loop over all, which compilers make vectors of. */
typedef struct { double trace[ENTRIES]; } dense;

static inline void dense_begin(dense *alive) { memset(alive->trace, 0, sizeof alive->trace); }

static inline void dense_learn(dense *alive, double *restrict q, int entry, double by, int replacing)
{
    double *restrict trace = alive->trace;
    trace[entry] = replacing ? 1.0 : trace[entry] + 1.0;
    for (int k = 0; k < ENTRIES; k++) {
        q[k] += by * trace[k];
        trace[k] *= discount * trace_decay;
    }
}

/* A list of the traces that are alive: a step costs these, and not all entries. */
typedef struct { double trace[ENTRIES]; int entry[ENTRIES], place[ENTRIES], count; } list; /* places from 1; 0: none */

static inline void list_begin(list *alive)
{
    for (int k = 0; k < alive->count; k++) alive->place[alive->entry[k]] = 0;
    alive->count = 0;
}

static inline void list_learn(list *alive, double *restrict q, int entry, double by, int replacing)
{
    int k = alive->place[entry] - 1;
    if (k < 0) {
        k = alive->count++;
        alive->entry[k] = entry;
        alive->place[entry] = k + 1;
        alive->trace[k] = 0.0;
    }
    alive->trace[k] = replacing ? 1.0 : alive->trace[k] + 1.0;
    for (k = alive->count - 1; k >= 0; k--) {
        q[alive->entry[k]] += by * alive->trace[k];
        alive->trace[k] *= discount * trace_decay;
        if (alive->trace[k] < negligible) { /* what it would add is lost in rounding; the last takes its place */
            int last = --alive->count;
            alive->place[alive->entry[k]] = 0;
            if (k != last) {
                alive->trace[k] = alive->trace[last];
                alive->entry[k] = alive->entry[last];
                alive->place[alive->entry[k]] = k + 1;
            }
        }
    }
}

SARSA_LAMBDA(sarsa_lambda_dense, dense, 0)
SARSA_LAMBDA(sarsa_lambda_replacing_dense, dense, 1)
SARSA_LAMBDA(sarsa_lambda_list, list, 0)
SARSA_LAMBDA(sarsa_lambda_replacing_list, list, 1)

FUNCTION(n_step_sarsa)
{
    for (int64_t i = 0; i < runs; i++) {
        stream rng = seeded((uint64_t)seeds[i]);
        double q[ENTRIES];
        memset(q, 0, sizeof q);
        for (int64_t e = 0; e < episodes; e++) {
            double epsilon = exploring(e), total = 0.0, paid[STEPS];
            int state = START, step = 0, taken[STEPS], action = epsilon_greedy(q + state * ACTIONS, epsilon, &rng);
            while (state != GOAL && step < max_steps) {
                int entry = state * ACTIONS + action, ahead = next_state[entry], following = 0;
                double pays = reward[entry], value = 0.0;
                taken[step % STEPS] = entry;
                paid[step % STEPS] = reward_scale * pays;
                if (ahead != GOAL) {
                    following = epsilon_greedy(q + ahead * ACTIONS, epsilon, &rng);
                    value = q[ahead * ACTIONS + following];
                }
                int ended = ahead == GOAL || step + 1 == max_steps, first = step - STEPS + 1;
                for (int t = first > 0 ? first : 0; t <= (ended ? step : first); t++) {
                    double from = value;
                    for (int k = step; k >= t; k--) from = paid[k % STEPS] + discount * from;
                    q[taken[t % STEPS]] += alpha * (from - q[taken[t % STEPS]]);
                }
                total += pays;
                state = ahead;
                action = following;
                step++;
            }
            returns[i * episodes + e] = total;
            lengths[i * episodes + e] = step;
        }
    }
}

FUNCTION(dyna_q)
{
    for (int64_t i = 0; i < runs; i++) {
        stream rng = seeded((uint64_t)seeds[i]);
        double q[STATES][ACTIONS], paid[ENTRIES];
        int known[ENTRIES], led_to[ENTRIES], met[ENTRIES], count = 0;
        memset(q, 0, sizeof q);
        memset(met, 0, sizeof met);
        for (int64_t e = 0; e < episodes; e++) {
            double epsilon = exploring(e), total = 0.0;
            int state = START, step = 0;
            while (state != GOAL && step < max_steps) {
                int entry = state * ACTIONS + epsilon_greedy(q[state], epsilon, &rng), ahead = next_state[entry];
                double pays = reward[entry], *values = q[0];
                if (!met[entry]) {
                    met[entry] = 1;
                    known[count++] = entry;
                }
                led_to[entry] = ahead;
                paid[entry] = reward_scale * pays;
                int learned = entry;
                for (int k = 0; k <= PLANNING_STEPS; k++) { /* from the step itself, then from those remembered */
                    int to = led_to[learned];
                    double following = to == GOAL ? 0.0 : maximum(q[to]);
                    values[learned] += alpha * (paid[learned] + discount * following - values[learned]);
                    learned = known[below(&rng, (uint32_t)count)];
                }
                total += pays;
                state = ahead;
                step++;
            }
            returns[i * episodes + e] = total;
            lengths[i * episodes + e] = step;
        }
    }
}
