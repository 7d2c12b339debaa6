/* What one command costs:   meter COMMAND [ARGUMENT…]
 *
 * Prints its CPU seconds, wall seconds and peak memory in KiB, its children's included, and exits as it does.
 * In C because the kernel counts the memory of whoever starts a program towards the program's peak: started from
 * Python, nothing takes less than Python. This starts it from a few hundred KiB. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time) { return time.tv_sec + time.tv_usec / 1e6; }

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
    if (count < 2) {
        fprintf(stderr, "usage: meter COMMAND [ARGUMENT...]\n");
        return 2;
    }
    double started = now();
    pid_t child = fork();
    if (child < 0) {
        perror("meter: fork");
        return 1;
    }
    if (child == 0) {
        /* Its report is of no interest; this program's own line must be the only one. */
        int sink = open("/dev/null", O_WRONLY);
        dup2(sink, STDOUT_FILENO);
        execvp(arguments[1], arguments + 1);
        perror(arguments[1]);
        _exit(127);
    }
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) != child) {
        perror("meter: wait4");
        return 1;
    }
    printf("%.6f %.6f %ld\n", seconds(usage.ru_utime) + seconds(usage.ru_stime), now() - started, usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
