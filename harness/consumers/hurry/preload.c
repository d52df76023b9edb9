/* A clock that runs ahead of the machine's, for a program that knows nothing of it.
 *
 * Every process of the program maps one page, which the harness alone writes: how far its clocks are ahead of the
 * machine's, and how many times as fast they may run at most. Clocks give the machine's time and what is ahead of it.
 * A wait that has so much of the program's time left sleeps, in real time, no longer than even the fastest clock takes
 * for that, and looks again: so it is never late by more than a slice, whatever the harness does to the page meanwhile.
 * Clocks of CPU time, and waits without an end, are left alone.
 *
 * What waits inside the kernel on a timer of its own is not reached: timerfd_create, timer_create, SO_RCVTIMEO, a futex
 * that is called by its number (Rust's Condvar), and whoever calls the kernel without libc (a static binary, Go).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#if !defined(__linux__) || !defined(__GLIBC__) || __SIZEOF_LONG__ != 8
#error "this is for 64-bit Linux with glibc"
#endif

typedef int64_t ns_t;

#define SECOND ((ns_t)1000000000)
#define SLICE ((ns_t)4000000) /* the shortest look at the clock, in real time: waits of many threads must stay cheap */
#define FOR_EVER_S ((time_t)9000000000) /* three centuries: sums stay within 64 bits */
#define EXPORT __attribute__((visibility("default")))
#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(real))dlsym(RTLD_NEXT, #name)

/* Read by hurry/clock.py under the same layout. */
struct page { _Atomic int64_t ahead; _Atomic int64_t fastest; };

static struct page machine_time = {0, 1};
static struct page *page = &machine_time;

__attribute__((constructor)) static void map_the_page(void) {
    const char *path = getenv("STREAM_HARNESS_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof(struct page), PROT_READ, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) page = mapped;
    close(file);
}

/* --- clocks ---------------------------------------------------------------------------------------------------- */

static ns_t ns_of(const struct timespec *t) { return t->tv_sec * SECOND + t->tv_nsec; }

static struct timespec spec_of(ns_t ns) {
    return (struct timespec){.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND};
}

static int is_valid(const struct timespec *t) { return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < SECOND; }

static ns_t capped(time_t seconds, ns_t rest) {
    return seconds < FOR_EVER_S ? seconds * SECOND + rest : FOR_EVER_S * SECOND;
}

static int runs_ahead(clockid_t clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW ||
           clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME ||
           clock == CLOCK_TAI;
}

static ns_t machine_now(clockid_t clock) {
    REAL(clock_gettime);
    struct timespec t;
    real(clock, &t);
    return ns_of(&t);
}

static ns_t now(clockid_t clock) { return machine_now(clock) + atomic_load(&page->ahead); }

EXPORT int clock_gettime(clockid_t clock, struct timespec *t) {
    REAL(clock_gettime);
    int failed = real(clock, t);
    if (!failed && runs_ahead(clock)) *t = spec_of(ns_of(t) + atomic_load(&page->ahead));
    return failed;
}

EXPORT int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    REAL(gettimeofday);
    int failed = real(t, zone);
    if (!failed) {
        ns_t at = now(CLOCK_REALTIME);
        *t = (struct timeval){.tv_sec = at / SECOND, .tv_usec = at % SECOND / 1000};
    }
    return failed;
}

EXPORT time_t time(time_t *t) {
    time_t seconds = now(CLOCK_REALTIME) / SECOND;
    if (t) *t = seconds;
    return seconds;
}

/* --- waits ----------------------------------------------------------------------------------------------------- */

/* Moments are on the program's monotonic clock. */
static ns_t moment_in(ns_t wait) { return now(CLOCK_MONOTONIC) + wait; }

static ns_t moment_of(clockid_t clock, const struct timespec *at) {
    return moment_in(capped(at->tv_sec, at->tv_nsec) - now(clock));
}

static ns_t left_until(ns_t moment) {
    ns_t left = moment - now(CLOCK_MONOTONIC);
    return left > 0 ? left : 0;
}

/* How long to sleep, in real time, before the clock must be looked at again. */
static ns_t slice_of(ns_t left) {
    ns_t slice = left / atomic_load(&page->fastest);
    if (slice < SLICE) slice = SLICE;
    return slice < left ? slice : left;
}

static struct timespec slice_until(ns_t moment) { return spec_of(slice_of(left_until(moment))); }

/* The same as a moment of the machine's monotonic clock. */
static struct timespec slice_end(ns_t moment) {
    return spec_of(machine_now(CLOCK_MONOTONIC) + slice_of(left_until(moment)));
}

static int is_monotonic(const struct timespec *at) {
    /* A condition does not tell its clock; but no machine has been up for thirty years, and the time of day is past that. */
    return at->tv_sec < (time_t)86400 * 365 * 30;
}

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *asked, struct timespec *rest) {
    REAL(clock_nanosleep);
    if (!runs_ahead(clock) || !is_valid(asked)) return real(clock, flags, asked, rest);
    ns_t end = flags & TIMER_ABSTIME ? moment_of(clock, asked) : moment_in(capped(asked->tv_sec, asked->tv_nsec));
    while (left_until(end) > 0) {
        struct timespec slice = slice_until(end);
        int failed = real(CLOCK_MONOTONIC, 0, &slice, NULL);
        if (failed && rest && !(flags & TIMER_ABSTIME)) *rest = spec_of(left_until(end));
        if (failed) return failed;
    }
    return 0;
}

EXPORT int nanosleep(const struct timespec *asked, struct timespec *rest) {
    int failed = clock_nanosleep(CLOCK_MONOTONIC, 0, asked, rest);
    errno = failed ? failed : errno;
    return failed ? -1 : 0;
}

EXPORT int usleep(useconds_t us) {
    struct timespec asked = spec_of((ns_t)us * 1000);
    return nanosleep(&asked, NULL);
}

EXPORT unsigned sleep(unsigned seconds) {
    struct timespec asked = {.tv_sec = seconds}, rest = {0};
    return nanosleep(&asked, &rest) ? rest.tv_sec + (rest.tv_nsec >= SECOND / 2) : 0;
}

/* Look with `call`, which returns 0 when nothing happened within `slice`, until `end`. */
#define LOOK_UNTIL(end, call)                      \
    for (;;) {                                     \
        struct timespec slice = slice_until(end);  \
        int found = (call);                        \
        if (found || !left_until(end)) return found; \
    }

static int as_ms(struct timespec slice) { return (int)((ns_of(&slice) + 999999) / 1000000); }

EXPORT int ppoll(struct pollfd *files, nfds_t count, const struct timespec *wait, const sigset_t *mask) {
    REAL(ppoll);
    if (!wait || !is_valid(wait)) return real(files, count, wait, mask);
    ns_t end = moment_in(capped(wait->tv_sec, wait->tv_nsec));
    LOOK_UNTIL(end, real(files, count, &slice, mask))
}

EXPORT int poll(struct pollfd *files, nfds_t count, int ms) {
    struct timespec wait = spec_of((ns_t)ms * 1000000);
    return ppoll(files, count, ms < 0 ? NULL : &wait, NULL);
}

EXPORT int epoll_pwait(int epoll, struct epoll_event *events, int count, int ms, const sigset_t *mask) {
    REAL(epoll_pwait);
    if (ms <= 0) return real(epoll, events, count, ms, mask);
    ns_t end = moment_in((ns_t)ms * 1000000);
    LOOK_UNTIL(end, real(epoll, events, count, as_ms(slice), mask))
}

EXPORT int epoll_wait(int epoll, struct epoll_event *events, int count, int ms) {
    return epoll_pwait(epoll, events, count, ms, NULL);
}

#if __GLIBC_PREREQ(2, 35)
EXPORT int epoll_pwait2(
    int epoll, struct epoll_event *events, int count, const struct timespec *wait, const sigset_t *mask
) {
    REAL(epoll_pwait2);
    if (!wait || !is_valid(wait)) return real(epoll, events, count, wait, mask);
    ns_t end = moment_in(capped(wait->tv_sec, wait->tv_nsec));
    LOOK_UNTIL(end, real(epoll, events, count, &slice, mask))
}
#endif

/* A look empties the sets in which nothing was ready, so each begins with copies of what was asked. */
static int look_at_sets(int count, fd_set *sets[3], const struct timespec *wait, const sigset_t *mask) {
    REAL(pselect);
    if (!wait || !is_valid(wait) || count < 0) return real(count, sets[0], sets[1], sets[2], wait, mask);
    size_t bytes = ((size_t)count + NFDBITS - 1) / NFDBITS * sizeof(fd_mask);
    char *asked = malloc(3 * bytes + 1);
    if (!asked) return errno = ENOMEM, -1;
    for (int n = 0; n < 3; n++) if (sets[n]) memcpy(asked + n * bytes, sets[n], bytes);
    ns_t end = moment_in(capped(wait->tv_sec, wait->tv_nsec));
    int found;
    for (;;) {
        struct timespec slice = slice_until(end);
        found = real(count, sets[0], sets[1], sets[2], &slice, mask);
        if (found || !left_until(end)) break;
        for (int n = 0; n < 3; n++) if (sets[n]) memcpy(sets[n], asked + n * bytes, bytes);
    }
    int error = errno;
    free(asked);
    errno = error;
    return found;
}

EXPORT int pselect(
    int count, fd_set *restrict reads, fd_set *restrict writes, fd_set *restrict excepts,
    const struct timespec *restrict wait, const sigset_t *restrict mask
) {
    return look_at_sets(count, (fd_set *[]){reads, writes, excepts}, wait, mask);
}

EXPORT int select(
    int count, fd_set *restrict reads, fd_set *restrict writes, fd_set *restrict excepts, struct timeval *restrict wait
) {
    struct timespec given = {0};
    if (wait) given = (struct timespec){.tv_sec = wait->tv_sec, .tv_nsec = wait->tv_usec * 1000};
    ns_t end = wait ? moment_in(capped(given.tv_sec, given.tv_nsec)) : 0;
    int found = look_at_sets(count, (fd_set *[]){reads, writes, excepts}, wait ? &given : NULL, NULL);
    if (wait && found >= 0) { /* Linux tells what is left of the wait */
        ns_t left = left_until(end);
        *wait = (struct timeval){.tv_sec = left / SECOND, .tv_usec = left % SECOND / 1000};
    }
    return found;
}

EXPORT int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *at) {
    REAL(sem_clockwait);
    if (!is_valid(at)) return real(semaphore, clock, at);
    ns_t end = moment_of(clock, at);
    for (;;) {
        struct timespec until = slice_end(end);
        int failed = real(semaphore, CLOCK_MONOTONIC, &until);
        if (!failed || errno != ETIMEDOUT) return failed;
        if (!left_until(end)) return errno = ETIMEDOUT, -1;
    }
}

EXPORT int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict at) {
    return sem_clockwait(semaphore, CLOCK_REALTIME, at);
}

EXPORT int pthread_cond_clockwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, clockid_t clock, const struct timespec *restrict at
) {
    REAL(pthread_cond_clockwait);
    if (!is_valid(at)) return real(condition, mutex, clock, at);
    ns_t end = moment_of(clock, at);
    struct timespec until = slice_end(end);
    int failed = real(condition, mutex, CLOCK_MONOTONIC, &until);
    /* What was signalled since is not signalled again, so the caller must look: a wake-up without a cause is lawful. */
    return failed == ETIMEDOUT && left_until(end) ? 0 : failed;
}

EXPORT int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict at
) {
    return pthread_cond_clockwait(condition, mutex, is_monotonic(at) ? CLOCK_MONOTONIC : CLOCK_REALTIME, at);
}

/* --- alarms: the kernel's run on its own clock, so a thread of ours watches the program's ------------------------- */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    ns_t due, again; /* 0: no alarm; no repetition */
    int watched;
} alarms = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void *watch_alarms(void *unused) {
    REAL(pthread_cond_clockwait);
    pthread_mutex_lock(&alarms.mutex);
    for (;;) {
        if (!alarms.due) {
            pthread_cond_wait(&alarms.changed, &alarms.mutex);
        } else if (left_until(alarms.due)) {
            struct timespec until = slice_end(alarms.due);
            real(&alarms.changed, &alarms.mutex, CLOCK_MONOTONIC, &until);
        } else {
            alarms.due = alarms.again ? moment_in(alarms.again) : 0;
            kill(getpid(), SIGALRM);
        }
    }
    return unused;
}

static void forget_alarms(void) { /* a forked child has neither its parent's alarms nor its threads */
    alarms.due = alarms.watched = 0;
    pthread_mutex_init(&alarms.mutex, NULL);
    pthread_cond_init(&alarms.changed, NULL);
}

static int start_watching(void) {
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, NULL, watch_alarms, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) return failed;
    pthread_detach(thread);
    static int hooked;
    if (!hooked++) pthread_atfork(NULL, NULL, forget_alarms);
    alarms.watched = 1;
    return 0;
}

static struct timeval val_of(ns_t ns) { return (struct timeval){.tv_sec = ns / SECOND, .tv_usec = ns % SECOND / 1000}; }

static ns_t ns_of_val(const struct timeval *t) { return capped(t->tv_sec, t->tv_usec * 1000); }

EXPORT int setitimer(__itimer_which_t which, const struct itimerval *restrict set, struct itimerval *restrict before) {
    REAL(setitimer);
    if (which != ITIMER_REAL || !set) return real(which, set, before);
    pthread_mutex_lock(&alarms.mutex);
    int failed = alarms.watched ? 0 : start_watching();
    if (!failed) {
        ns_t left = alarms.due ? left_until(alarms.due) + 1000 : 0;
        if (before) *before = (struct itimerval){.it_interval = val_of(alarms.again), .it_value = val_of(left)};
        ns_t wait = ns_of_val(&set->it_value);
        alarms.due = wait ? moment_in(wait) : 0;
        alarms.again = ns_of_val(&set->it_interval);
        pthread_cond_signal(&alarms.changed);
    }
    pthread_mutex_unlock(&alarms.mutex);
    return failed ? (errno = failed, -1) : 0;
}

EXPORT unsigned alarm(unsigned seconds) {
    struct itimerval set = {.it_value = {.tv_sec = seconds}}, before = {0};
    setitimer(ITIMER_REAL, &set, &before);
    return before.it_value.tv_sec + (before.it_value.tv_usec >= 500000);
}

/* --- what a fortified program calls in place of the above --------------------------------------------------------- */

EXPORT int __poll_chk(struct pollfd *files, nfds_t count, int ms, size_t bytes);
EXPORT int __ppoll_chk(
    struct pollfd *files, nfds_t count, const struct timespec *wait, const sigset_t *mask, size_t bytes
);

EXPORT int __poll_chk(struct pollfd *files, nfds_t count, int ms, size_t bytes) {
    if (bytes / sizeof *files < count) abort();
    return poll(files, count, ms);
}

EXPORT int __ppoll_chk(
    struct pollfd *files, nfds_t count, const struct timespec *wait, const sigset_t *mask, size_t bytes
) {
    if (bytes / sizeof *files < count) abort();
    return ppoll(files, count, wait, mask);
}
