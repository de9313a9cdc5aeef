/* Plain C: one run at a time, float64, libm; what one would write first. c_plain.py compiles and calls it. */
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { STATES = 48, ACTIONS = 4, START = 36, GOAL = 47 };

static const double step_size = 0.8, discount = 0.95;

/* xoroshiro128+ (Blackman and Vigna), seeded by two steps of splitmix64; splitmix64 throughout would be 10 % slower. */
typedef struct { uint64_t a, b; } stream;

static inline uint64_t rotated(uint64_t x, int by) { return x << by | x >> (64 - by); }

static inline uint64_t draw(stream *rng)
{
    uint64_t a = rng->a, b = rng->b, drawn = a + b;
    b ^= a;
    rng->a = rotated(a, 24) ^ b ^ (b << 16);
    rng->b = rotated(b, 37);
    return drawn;
}

static inline uint64_t mixed(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline stream seeded(uint64_t seed)
{
    const uint64_t golden = 0x9E3779B97F4A7C15u;
    return (stream){mixed((2 * seed + 1) * golden), mixed((2 * seed + 2) * golden)};
}

static inline double uniform(stream *rng) { return (double)(draw(rng) >> 11) * 0x1p-53; }

static inline double maximum(const double *row)
{
    double best = row[0];
    for (int a = 1; a < ACTIONS; a++)
        if (row[a] > best) best = row[a];
    return best;
}

static inline double log_sum_exp(const double *row)
{
    double best = maximum(row), sum = 0.0;
    for (int a = 0; a < ACTIONS; a++) sum += exp(row[a] - best);
    return best + log(sum);
}

static inline int epsilon_greedy(const double *row, double epsilon, stream *rng)
{
    if (uniform(rng) < epsilon) return (int)(draw(rng) >> 62);
    double best = maximum(row);
    int ties[ACTIONS], n = 0;
    for (int a = 0; a < ACTIONS; a++)
        if (row[a] == best) ties[n++] = a;
    return n == 1 ? ties[0] : ties[(int)(uniform(rng) * n)];
}

static inline int boltzmann(const double *row, stream *rng)
{
    double best = maximum(row), weight[ACTIONS], sum = 0.0;
    for (int a = 0; a < ACTIONS; a++) sum += weight[a] = exp(row[a] - best);
    double left = uniform(rng) * sum;
    int a = 0;
    while (a < ACTIONS - 1 && left >= weight[a]) left -= weight[a++];
    return a;
}

void hard(const int32_t *next_state, const double *reward, double reward_scale, const int64_t *seeds, int64_t runs,
          int64_t episodes, int64_t max_steps, double *returns, int32_t *lengths)
{
    for (int64_t i = 0; i < runs; i++) {
        stream rng = seeded((uint64_t)seeds[i]);
        double q[STATES][ACTIONS];
        memset(q, 0, sizeof q);
        for (int64_t e = 0; e < episodes; e++) {
            double epsilon = fmax(0.9 - 0.001 * (double)e, 0.1), total = 0.0;
            int state = START, step = 0;
            while (state != GOAL && step < max_steps) {
                int action = epsilon_greedy(q[state], epsilon, &rng);
                int ahead = next_state[state * ACTIONS + action];
                double pays = reward[state * ACTIONS + action];
                double following = ahead == GOAL ? 0.0 : maximum(q[ahead]);
                q[state][action] += step_size * (reward_scale * pays + discount * following - q[state][action]);
                total += pays;
                state = ahead;
                step++;
            }
            returns[i * episodes + e] = total;
            lengths[i * episodes + e] = step;
        }
    }
}

void soft(const int32_t *next_state, const double *reward, double reward_scale, const int64_t *seeds, int64_t runs,
          int64_t episodes, int64_t max_steps, double *returns, int32_t *lengths)
{
    for (int64_t i = 0; i < runs; i++) {
        stream rng = seeded((uint64_t)seeds[i]);
        double q[STATES][ACTIONS];
        memset(q, 0, sizeof q);
        for (int64_t e = 0; e < episodes; e++) {
            double total = 0.0;
            int state = START, step = 0;
            while (state != GOAL && step < max_steps) {
                int action = boltzmann(q[state], &rng);
                int ahead = next_state[state * ACTIONS + action];
                double pays = reward[state * ACTIONS + action];
                double following = ahead == GOAL ? 0.0 : log_sum_exp(q[ahead]);
                q[state][action] += step_size * (reward_scale * pays + discount * following - q[state][action]);
                total += pays;
                state = ahead;
                step++;
            }
            returns[i * episodes + e] = total;
            lengths[i * episodes + e] = step;
        }
    }
}
