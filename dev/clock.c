/* Preloaded into every process of `make test AT=…`: moves the wall clock.
 *
 * By CLOCK_OFFSET_S seconds; or by what CLOCK_OFFSET_FILE holds, a whole number of seconds in eight
 * bytes of this machine's order, which may change while the process runs.
 *
 * Intervals stay true: monotonic clocks, relative waits and file times are left alone. A wait that
 * ends at an instant is moved back to the kernel's clock. Such an instant may be of a monotonic
 * clock too; those count from the start of the machine and stay below EPOCH_S.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EPOCH_S 1000000000L /* a day in 2001 */

static long fixed_s;
static const volatile long *offset_s = &fixed_s;

__attribute__((constructor)) static void find_offset(void)
{
    const char *text = getenv("CLOCK_OFFSET_S"), *path = getenv("CLOCK_OFFSET_FILE");
    fixed_s = text ? atol(text) : 0;
    if (path == NULL)
        return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    void *shared = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    if (shared == MAP_FAILED)
        abort();
    close(file);
    offset_s = shared;
}

static int is_wall_clock(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

static clockid_t clock_of(const struct timespec *end)
{
    return end->tv_sec > EPOCH_S ? CLOCK_REALTIME : CLOCK_MONOTONIC;
}

static struct timespec kernel_time(const struct timespec *end)
{
    struct timespec moved = *end;
    if (clock_of(end) == CLOCK_REALTIME)
        moved.tv_sec -= *offset_s;
    return moved;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && is_wall_clock(clock))
        now->tv_sec += *offset_s;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    int result = (int)syscall(SYS_gettimeofday, now, zone);
    if (result == 0 && now)
        now->tv_sec += *offset_s;
    return result;
}

time_t time(time_t *kept)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept)
        *kept = now.tv_sec;
    return now.tv_sec;
}

int timespec_get(struct timespec *now, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict end)
{
    struct timespec moved = kernel_time(end);
    return pthread_cond_clockwait(condition, mutex, clock_of(end), &moved);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict end)
{
    struct timespec moved = kernel_time(end);
    return pthread_mutex_clocklock(mutex, CLOCK_REALTIME, &moved);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict end)
{
    struct timespec moved = kernel_time(end);
    return sem_clockwait(semaphore, CLOCK_REALTIME, &moved);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wait, struct timespec *left)
{
    struct timespec moved = *wait;
    if ((flags & TIMER_ABSTIME) && is_wall_clock(clock))
        moved.tv_sec -= *offset_s;
    return syscall(SYS_clock_nanosleep, clock, flags, &moved, left) == 0 ? 0 : errno;
}
