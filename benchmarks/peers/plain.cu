/* CUDA C++ by hand: one thread a run, its table in global memory, what everybody looks up in shared memory.

cuda_plain.py compiles and calls it. It takes the random numbers, the rules and the polynomials of fastsoftq, so that it
learns the same curves to the bit: compiled without contraction, every fused multiply-add is written out. */

#define DEVICE __device__ __forceinline__

typedef unsigned long long u64;
typedef unsigned int u32;

constexpr int STATES = 48, ACTIONS = 4, START = 36, GOAL = 47;
constexpr double STEP_SIZE = 0.8, DISCOUNT = 0.95, LOG2_E = 1.4426950408889634, LN_2 = 0.6931471805599453;

struct alignas(16) Row { double q[ACTIONS]; };  // read and written 16 bytes at a time
struct alignas(16) Outcome { double reward; int ahead; };

struct Task {
    const int *next_state;
    const double *reward;
    double reward_scale;
    const u64 *seeds;
    int runs, episodes, max_steps, *next_run;
    Row *tables;  // [states][threads]: threads of a warp that are in the same state read side by side
    double *returns;
    int *lengths;
    unsigned char *truncated;
};

/* ---- random numbers: splitmix64 (Steele, Lea and Flood 2014) ---- */

constexpr u64 GOLDEN = 0x9E3779B97F4A7C15u;

static DEVICE u64 mixed(u64 z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* ---- exp2 and log2, by polynomials in blocks of four terms ---- */

template <class T, int N> static DEVICE T polynomial(T x, const T (&c)[N])
{
    T square = x * x, fourth = square * square, sum = 0;
#pragma unroll
    for (int first = (N - 1) / 4 * 4; first >= 0; first -= 4) {
        T block = first + 1 < N ? fma(c[first + 1 < N ? first + 1 : 0], x, c[first]) : c[first];
        if (first + 2 < N) {
            T upper = c[first + 2 < N ? first + 2 : 0];
            if (first + 3 < N) upper = fma(c[first + 3 < N ? first + 3 : 0], x, upper);
            block = fma(upper, square, block);
        }
        sum = first + 4 < N ? fma(sum, fourth, block) : block;
    }
    return sum;
}

static DEVICE double power_of_two(double x)
{
    const double c[] = {1.0, 0.6931471805599492, 0.24022650695909106, 0.05550410866448275, 0.009618129107981632,
                        0.0013333558225681267, 0.00015403529995668285, 1.5252659486569835e-05, 1.321565303905782e-06,
                        1.0208313068946183e-07, 7.038256923025709e-09};
    const double round = 0x1.8p52;
    x = fmax(x, -1020.0);
    double t = x + round;
    return __longlong_as_double(__double_as_longlong(polynomial(x - (t - round), c)) + (__double_as_longlong(t) << 52));
}

static DEVICE float power_of_two(float x)
{
    const float c[] = {1.0f, 0.6931470036506653f, 0.24022242426872253f, 0.05550732463598251f, 0.009671499952673912f,
                       0.0013265119632706046f};
    const float round = 0x1.8p23f;
    x = fmaxf(x, -126.0f);
    float t = x + round;
    return __int_as_float(__float_as_int(polynomial(x - (t - round), c)) + (__float_as_int(t) << 23));
}

static DEVICE double binary_log(double x)
{
    const double c[] = {2.885390081777927, 0.9617966939243235, 0.5770780172507567, 0.41219840139776165,
                        0.3206164313136309, 0.2614429285717428, 0.24293123122970287};
    const u64 root_half = 0x3FE6A09E667F3BCDu;
    u64 from_root = (u64)__double_as_longlong(x) - root_half + (1024ull << 52);
    double m = __longlong_as_double((from_root & ((1ull << 52) - 1)) + root_half), z = (m - 1.0) / (m + 1.0);
    return fma(polynomial(z * z, c), z, (double)((int)(from_root >> 52) - 1024));
}

static DEVICE float binary_log(float x)
{
    const float c[] = {1.4426950216293335f, -0.7213473320007324f, 0.48091062903404236f, -0.3607036769390106f,
                       0.28791624307632446f, -0.23894482851028442f, 0.21571555733680725f, -0.20726966857910156f,
                       0.125837042927742f};
    const int root_half = 0x3F3504F3;
    int from_root = __float_as_int(x) - root_half;
    float f = __int_as_float((from_root & ((1 << 23) - 1)) + root_half) - 1.0f;
    return fma(polynomial(f, c), f, (float)(from_root >> 23));
}

/* ---- rules: what is kept of the row of the state that one is in, its value, and the next action ---- */

static DEVICE double highest(const Row &row) { return fmax(fmax(row.q[0], row.q[1]), fmax(row.q[2], row.q[3])); }

struct Hard {
    double top;
    int threshold;  // of exploring, in 2**-30

    static DEVICE Hard in_episode(int episode)
    {
        double epsilon = fmax(fma((double)episode, -0.001, 0.9), 0.1);
        return {0.0, (int)(epsilon * 0x1p30)};
    }
    DEVICE void arrive(const Row &row) { top = highest(row); }
    DEVICE double value() const { return top; }
    DEVICE void change(const Row &row, int) { top = highest(row); }
    DEVICE int act(const Row &row, u64 bits) const
    {
        bool explores = (int)(bits >> 34) < threshold;
        u32 best = 0;
#pragma unroll
        for (int a = 0; a < ACTIONS; a++) best |= (u32)(explores || row.q[a] == top) << a;
        u32 rank = ((u32)bits >> 8) * __popc(best) >> 24, action = 0, seen = 0;
#pragma unroll
        for (int a = 0; a < ACTIONS - 1; a++) {
            seen += best >> a & 1;
            action += seen <= rank;
        }
        return (int)action;
    }
};

template <class Real> struct Soft {
    double top;
    Real weight[ACTIONS], sum;

    static DEVICE Soft in_episode(int) { return {}; }
    DEVICE Real exponent(double q) const { return (Real)(q - top) * (Real)LOG2_E; }
    DEVICE void add() { sum = weight[0] + weight[1] + weight[2] + weight[3]; }
    DEVICE void arrive(const Row &row)
    {
        top = highest(row);
#pragma unroll
        for (int a = 0; a < ACTIONS; a++) weight[a] = power_of_two(exponent(row.q[a]));
        add();
    }
    DEVICE double value() const { return fma((double)binary_log(sum), LN_2, top); }

    /* One exponential instead of four, unless the weights beside the old maximum become too large or too small. */
    DEVICE void change(const Row &row, int action)
    {
        const bool single = sizeof(Real) == 4;
        const Real most = single ? 60 : 900, largest = single ? (Real)0x1p60 : (Real)0x1p900;
        const Real least = single ? (Real)1e-18 : (Real)1e-200;
        double q = row.q[0];
#pragma unroll
        for (int a = 1; a < ACTIONS; a++) q = action == a ? row.q[a] : q;
        Real x = exponent(q), changed = power_of_two(x < most ? x : most);
#pragma unroll
        for (int a = 0; a < ACTIONS; a++) weight[a] = action == a ? changed : weight[a];
        add();
        if (changed >= largest || sum < least) arrive(row);
    }
    DEVICE int act(const Row &, u64 bits) const
    {
        Real unit = sizeof(Real) == 4 ? (Real)((u32)bits >> 8) * (Real)0x1p-24 : (Real)(u32)bits * (Real)0x1p-32;
        Real threshold = unit * sum, passed = weight[0];
        int action = threshold >= passed;
#pragma unroll
        for (int a = 1; a < ACTIONS - 1; a++) {
            passed += weight[a];
            action += threshold >= passed;
        }
        return action;
    }
};

/* ---- the loop ---- */

template <class Rules> static DEVICE void learn(const Task &task)
{
    __shared__ Outcome outcomes[STATES * ACTIONS];
    for (int i = threadIdx.x; i < STATES * ACTIONS; i += blockDim.x) outcomes[i] = {task.reward[i], task.next_state[i]};
    __syncthreads();

    const int threads = gridDim.x * blockDim.x;
    Row *const table = task.tables + blockIdx.x * blockDim.x + threadIdx.x;
    for (int run = atomicAdd(task.next_run, 1); run < task.runs; run = atomicAdd(task.next_run, 1)) {
        for (int s = 0; s < STATES; s++) table[s * threads] = {};
        u64 key = mixed(task.seeds[run] + GOLDEN) + GOLDEN;
        for (int episode = 0; episode < task.episodes; episode++) {
            Rules rules = Rules::in_episode(episode);
            Row here = table[START * threads];
            rules.arrive(here);
            double total = 0.0;
            int state = START, length = 0;
            while (state != GOAL && length < task.max_steps) {
                int action = rules.act(here, mixed(key));
                Outcome outcome = outcomes[state * ACTIONS + action];
                Row ahead = table[outcome.ahead * threads];
                double q = here.q[0];
#pragma unroll
                for (int a = 1; a < ACTIONS; a++) q = action == a ? here.q[a] : q;
                rules.arrive(ahead);
                double target = task.reward_scale * outcome.reward;
                if (outcome.ahead != GOAL) target = fma(DISCOUNT, rules.value(), target);
                q = fma(STEP_SIZE, target - q, q);
                table[state * threads].q[action] = q;
                if (outcome.ahead == state) {
#pragma unroll
                    for (int a = 0; a < ACTIONS; a++) ahead.q[a] = action == a ? q : ahead.q[a];
                    rules.change(ahead, action);
                }
                here = ahead;
                state = outcome.ahead;
                total += outcome.reward;
                length++;
                key += GOLDEN;
            }
            const long long at = (long long)run * task.episodes + episode;
            task.returns[at] = total;
            task.lengths[at] = length;
            task.truncated[at] = state != GOAL;
        }
    }
}

#define KERNEL(name, Rules)                                                                                         \
    extern "C" __global__ void name(const int *next_state, const double *reward, double reward_scale,               \
                                    const u64 *seeds, int runs, int episodes, int max_steps, int *next_run,         \
                                    Row *tables, double *returns, int *lengths, unsigned char *truncated)           \
    {                                                                                                               \
        learn<Rules>({next_state, reward, reward_scale, seeds, runs, episodes, max_steps, next_run, tables, returns, \
                      lengths, truncated});                                                                         \
    }

KERNEL(hard, Hard)
KERNEL(soft, Soft<double>)
KERNEL(soft_mixed, Soft<float>)
