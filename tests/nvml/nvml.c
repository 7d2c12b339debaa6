/* A stand-in for NVIDIA's library, with the functions that checkpost calls and two GPUs, the second of which is the
 * first on the bus and supports little. The types are those of nvml.h. Tests vary it by definitions on the compiler's
 * command line:
 *   INIT_RETURNS   the result of nvmlInit_v2
 *   LOST           the index of a GPU that has fallen off the bus before it could be opened
 *   FAILING        the index of a GPU that is lost once it is open
 *   GLITCH         return impossible figures
 */
#include <stdio.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7, GPU_IS_LOST = 15,
       ARGUMENT_VERSION_MISMATCH = 25 };

#ifndef INIT_RETURNS
#define INIT_RETURNS SUCCESS
#endif
#ifndef LOST
#define LOST -1
#endif
#ifndef FAILING
#define FAILING -1
#endif

typedef struct gpu { int index; } *device_t;
typedef struct { unsigned gpu, memory; } utilization_t;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_v2_t;
typedef struct { unsigned pid; unsigned long long used; unsigned gpu_instance, compute_instance; } process_t;
typedef struct {
    char bus_id_legacy[16];
    unsigned domain, bus, device, pci_device_id, pci_subsystem_id;
    char bus_id[32];
} pci_t;

static struct gpu gpus[2] = {{0}, {1}};
static const unsigned NO_INSTANCE = 0xffffffff;

/* The second GPU supports nothing but its name and its temperature. */
#define ANSWERS(device)                                        \
    do {                                                       \
        if ((device)->index == FAILING) return GPU_IS_LOST;    \
        if ((device)->index == 1) return NOT_SUPPORTED;        \
    } while (0)

int nvmlInit_v2(void) { return INIT_RETURNS; }
int nvmlShutdown(void) { return SUCCESS; }

int nvmlSystemGetDriverVersion(char *version, unsigned length) {
    snprintf(version, length, "550.54.15");
    return SUCCESS;
}

int nvmlDeviceGetCount_v2(unsigned *count) {
    *count = 2;
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, device_t *device) {
    if (index > 1) return INVALID_ARGUMENT;
    if ((int)index == LOST) return GPU_IS_LOST;
    *device = &gpus[index];
    return SUCCESS;
}

int nvmlDeviceGetPciInfo_v3(device_t device, pci_t *pci) {
    memset(pci, 0, sizeof *pci);
    pci->bus = device->index == 0 ? 0x41 : 0x01;
    snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", pci->bus);
    return SUCCESS;
}

int nvmlDeviceGetName(device_t device, char *name, unsigned length) {
    snprintf(name, length, device->index == 0 ? "NVIDIA H100 80GB HBM3" : "NVIDIA\n\033[31mT400");
    return SUCCESS;
}

int nvmlDeviceGetTemperature(device_t device, int sensor, unsigned *celsius) {
    if (sensor != 0) return INVALID_ARGUMENT;
    if (device->index == FAILING) return GPU_IS_LOST;
    *celsius = device->index == 0 ? 61 : 40;
#ifdef GLITCH
    *celsius = 3892314;
#endif
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(device_t device, utilization_t *rates) {
    ANSWERS(device);
    rates->gpu = 87;
    rates->memory = 40;
#ifdef GLITCH
    rates->gpu = 4294967;
#endif
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo_v2(device_t device, memory_v2_t *memory) {
    ANSWERS(device);
    if (memory->version != (sizeof *memory | 2u << 24)) return ARGUMENT_VERSION_MISMATCH;
    memory->total = 80000000000ull;
    memory->reserved = 500000000ull;
    memory->used = 20000000000ull;
    memory->free = memory->total - memory->reserved - memory->used;
    return SUCCESS;
}

int nvmlDeviceGetPowerUsage(device_t device, unsigned *milliwatts) {
    ANSWERS(device);
    *milliwatts = 412345;
#ifdef GLITCH
    *milliwatts = 4294967295u;
#endif
    return SUCCESS;
}

int nvmlDeviceGetEnforcedPowerLimit(device_t device, unsigned *milliwatts) {
    ANSWERS(device);
    *milliwatts = 700000;
    return SUCCESS;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(device_t device, unsigned long long *reasons) {
    ANSWERS(device);
    /* Idle, capped by software, slowed down by heat, and an unknown bit. */
    *reasons = 0x1 | 0x4 | 0x40 | 0x8000000000ull;
    return SUCCESS;
}

int nvmlDeviceGetTotalEccErrors(device_t device, int kind, int counter, unsigned long long *count) {
    ANSWERS(device);
    if (counter != 0) return INVALID_ARGUMENT; /* the volatile one */
    *count = kind == 0 ? 12 : 1;
    return SUCCESS;
}

static int list(const process_t *from, unsigned length, unsigned *count, process_t *to) {
    if (*count < length) {
        *count = length;
        return INSUFFICIENT_SIZE;
    }
    *count = length;
    memcpy(to, from, length * sizeof *from);
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(device_t device, unsigned *count, process_t *processes) {
    ANSWERS(device);
    /* The first process uses two partitions of the GPU; the memory of the last one is unknown. */
    const process_t running[] = {
        {4001, 1000, 1, 0},
        {4001, 2000, 2, 0},
        {4002, 500, NO_INSTANCE, NO_INSTANCE},
        {4003, ~0ull, NO_INSTANCE, NO_INSTANCE},
    };
    return list(running, 4, count, processes);
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(device_t device, unsigned *count, process_t *processes) {
    ANSWERS(device);
    const process_t running[] = {{4002, 500, NO_INSTANCE, NO_INSTANCE}};
    return list(running, 1, count, processes);
}
