/* What plain.cu asks of a GPU, for a CPU: a grid of one block of one thread. */
#include <cmath>
#include <cstring>

#define __device__
#define __forceinline__ inline
#define __global__
#define __shared__ static

using std::fma;

struct Dim { int x; };
static const Dim threadIdx{0}, blockIdx{0}, blockDim{1}, gridDim{1};

static inline void __syncthreads() {}
static inline int atomicAdd(int *at, int by) { int was = *at; *at += by; return was; }
static inline int __popc(unsigned x) { return __builtin_popcount(x); }

template <class To, class From> static inline To same_bits(From x) { To y; std::memcpy(&y, &x, sizeof y); return y; }
static inline double __longlong_as_double(long long x) { return same_bits<double>(x); }
static inline long long __double_as_longlong(double x) { return same_bits<long long>(x); }
static inline float __int_as_float(int x) { return same_bits<float>(x); }
static inline int __float_as_int(float x) { return same_bits<int>(x); }
