/* Measures one command:   meter COMMAND [ARGUMENT…]
 *
 * Prints the CPU seconds, wall seconds and peak memory in KiB of the command and its children, and exits with its
 * exit code. Written in C because the kernel counts the memory of the starting process towards the peak of the
 * program: started from Python, no program takes less than Python. This process has a few hundred KiB. */
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
        /* Discards the command's output: this program's line must be the only one. */
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
