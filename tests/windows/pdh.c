/* For tests only: the part of pdh.dll that sysinfo needs, the idle time of processors. Wine's own library has no such
 * counter, and ends a program that asks it to refresh its counters. The figures are those that wine takes from the real
 * kernel. */
#include <windows.h>
#include <winternl.h>
#include <pdh.h>
#include <pdhmsg.h>
#include <wchar.h>

#define MAX_CPUS 1024
#define ALL_CPUS MAX_CPUS

typedef SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION Times;

static Times before[MAX_CPUS], now[MAX_CPUS];
static ULONG cpus, collections;

__declspec(dllexport) PDH_STATUS WINAPI PdhOpenQueryW(const WCHAR *source, DWORD_PTR user, PDH_HQUERY *query) {
    (void)source, (void)user;
    *query = now;
    return ERROR_SUCCESS;
}

__declspec(dllexport) PDH_STATUS WINAPI PdhCloseQuery(PDH_HQUERY query) {
    (void)query;
    return ERROR_SUCCESS;
}

/* A counter is the number of its processor, from 1 on. */
__declspec(dllexport) PDH_STATUS WINAPI PdhAddEnglishCounterW(PDH_HQUERY query, const WCHAR *path, DWORD_PTR user,
                                                              PDH_HCOUNTER *counter) {
    unsigned number;
    (void)query, (void)user;
    if (wcscmp(path, L"\\Processor(_Total)\\% Idle Time") == 0) {
        number = ALL_CPUS;
    } else if (swscanf(path, L"\\Processor(%u)\\%% Idle Time", &number) != 1 || number >= MAX_CPUS) {
        return PDH_CSTATUS_NO_OBJECT;
    }
    *counter = (PDH_HCOUNTER)(ULONG_PTR)(number + 1);
    return ERROR_SUCCESS;
}

__declspec(dllexport) PDH_STATUS WINAPI PdhRemoveCounter(PDH_HCOUNTER counter) {
    (void)counter;
    return ERROR_SUCCESS;
}

__declspec(dllexport) PDH_STATUS WINAPI PdhCollectQueryData(PDH_HQUERY query) {
    ULONG bytes = 0;
    (void)query;
    CopyMemory(before, now, sizeof(now));
    if (NtQuerySystemInformation(SystemProcessorPerformanceInformation, now, sizeof(now), &bytes) < 0) return PDH_NO_DATA;
    cpus = bytes / sizeof(Times);
    collections++;
    return ERROR_SUCCESS;
}

__declspec(dllexport) PDH_STATUS WINAPI PdhGetFormattedCounterValue(PDH_HCOUNTER counter, DWORD format, DWORD *type,
                                                                    PDH_FMT_COUNTERVALUE *value) {
    ULONG number = (ULONG)(ULONG_PTR)counter - 1, first = number, last = number, cpu;
    LONGLONG idle = 0, all = 0;
    (void)type;
    /* As on Windows, a single collection has no value. */
    if (collections < 2) return PDH_INVALID_DATA;
    if (number == ALL_CPUS) first = 0, last = cpus - 1;
    for (cpu = first; cpu <= last && cpu < cpus; cpu++) {
        idle += now[cpu].IdleTime.QuadPart - before[cpu].IdleTime.QuadPart;
        /* The time in the kernel includes the idle time. */
        all += now[cpu].KernelTime.QuadPart - before[cpu].KernelTime.QuadPart;
        all += now[cpu].UserTime.QuadPart - before[cpu].UserTime.QuadPart;
    }
    if (!(format & PDH_FMT_DOUBLE) || all <= 0) return PDH_INVALID_DATA;
    value->CStatus = PDH_CSTATUS_VALID_DATA;
    value->doubleValue = 100.0 * (double)idle / (double)all;
    return ERROR_SUCCESS;
}

/* Only called to refresh the counters. */
__declspec(dllexport) PDH_STATUS WINAPI PdhEnumObjectsW(const WCHAR *source, const WCHAR *machine, WCHAR *objects,
                                                        DWORD *size, DWORD detail, BOOL refresh) {
    (void)source, (void)machine, (void)objects, (void)size, (void)detail, (void)refresh;
    return PDH_CSTATUS_NO_OBJECT;
}

/* Only called for graphics processors, which have no counters here. */
__declspec(dllexport) PDH_STATUS WINAPI PdhGetFormattedCounterArrayW(PDH_HCOUNTER counter, DWORD format, DWORD *size,
                                                                     DWORD *count, PDH_FMT_COUNTERVALUE_ITEM_W *items) {
    (void)counter, (void)format, (void)size, (void)count, (void)items;
    return PDH_CSTATUS_NO_OBJECT;
}
