// How full each filesystem is, compared with others of its type: the check of `../python/check.py`, in C.
//
// Every call has its own memory, which is gone after the call. So this file frees nothing; what it returns must come from
// `malloc`, because the generated code frees that.
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UTILIZATION "system.filesystem.utilization"
#define MOUNTPOINT "system.filesystem.mountpoint"
#define TYPE "system.filesystem.type"

// Usage above which a warning is critical, in percent.
static const double CRITICAL = 95;
// How far below the threshold a raised status clears, in percent.
static const double HYSTERESIS = 5;
static const double DEFAULT_THRESHOLD = 90;

typedef struct {
    check_string_t mountpoint;
    check_string_t type;
    double percent;
} filesystem_t;

typedef struct {
    filesystem_t *ptr;
    size_t len;
} filesystems_t;

// Zeroed memory. Never null: a check without memory ends.
static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) abort();
    return memory;
}

static check_string_t text(const char *characters) {
    check_string_t copy;
    check_string_dup(&copy, characters);
    return copy;
}

static check_string_t copy_of(check_string_t string) {
    check_string_t copy;
    check_string_dup_n(&copy, (const char *)string.ptr, string.len);
    return copy;
}

__attribute__((format(printf, 1, 2))) static check_string_t format(const char *pattern, ...) {
    va_list values, again;
    va_start(values, pattern);
    va_copy(again, values);
    size_t len = (size_t)vsnprintf(NULL, 0, pattern, values);
    char *characters = allocate(len + 1, 1);
    vsnprintf(characters, len + 1, pattern, again);
    va_end(again);
    va_end(values);
    return (check_string_t){(uint8_t *)characters, len};
}

static int compare(check_string_t a, check_string_t b) {
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static bool is(check_string_t string, const char *characters) {
    return string.len == strlen(characters) && memcmp(string.ptr, characters, string.len) == 0;
}

static check_string_t label(types_labels_t labels, const char *key) {
    for (size_t i = 0; i < labels.len; i++) {
        if (is(labels.ptr[i].f0, key)) return labels.ptr[i].f1;
    }
    return (check_string_t){(uint8_t *)"", 0};
}

static check_tuple2_string_string_t pair(const char *key, check_string_t value) {
    return (check_tuple2_string_string_t){text(key), value};
}

// False, with a sentence for the operator, if the threshold is out of range. The host refuses values of another type than
// the one that `describe` declares.
static bool threshold_of(types_settings_t settings, double *threshold, check_string_t *error) {
    *threshold = DEFAULT_THRESHOLD;
    for (size_t i = 0; i < settings.len; i++) {
        if (is(settings.ptr[i].f0, "threshold")) *threshold = settings.ptr[i].f1.val.number;
    }
    if (*threshold >= 0 && *threshold <= 100) return true;
    *error = format("threshold is %.15g, allowed is a number from 0 to 100, in %%", *threshold);
    return false;
}

static int by_fullest(const void *left, const void *right) {
    const filesystem_t *a = left, *b = right;
    if (a->percent != b->percent) return a->percent > b->percent ? -1 : 1;
    return compare(a->mountpoint, b->mountpoint);
}

// One entry per mount point: where one mount hides another, the fuller one stands for both.
static filesystems_t fullest_first(types_list_sample_t samples) {
    filesystems_t found = {allocate(samples.len, sizeof(filesystem_t)), 0};
    for (size_t i = 0; i < samples.len; i++) {
        const types_sample_t *sample = &samples.ptr[i];
        if (!is(sample->name, UTILIZATION)) continue;
        filesystem_t filesystem = {label(sample->labels, MOUNTPOINT), label(sample->labels, TYPE), sample->value * 100};
        size_t at = 0;
        while (at < found.len && compare(found.ptr[at].mountpoint, filesystem.mountpoint) != 0) at++;
        if (at == found.len) {
            found.ptr[found.len++] = filesystem;
        } else if (found.ptr[at].percent < filesystem.percent) {
            found.ptr[at] = filesystem;
        }
    }
    qsort(found.ptr, found.len, sizeof(filesystem_t), by_fullest);
    return found;
}

// The median usage of the filesystems of a type, which are sorted by usage.
static double median(filesystems_t filesystems, check_string_t type) {
    double *percents = allocate(filesystems.len, sizeof(double));
    size_t len = 0;
    for (size_t i = 0; i < filesystems.len; i++) {
        if (compare(filesystems.ptr[i].type, type) == 0) percents[len++] = filesystems.ptr[i].percent;
    }
    return len % 2 ? percents[len / 2] : (percents[len / 2 - 1] + percents[len / 2]) / 2;
}

static types_status_t judge(const filesystem_t *filesystem, double threshold,
                            types_list_tuple2_string_status_t previous) {
    double line = threshold;
    for (size_t i = 0; i < previous.len; i++) {
        if (compare(previous.ptr[i].f0, filesystem->mountpoint) != 0) continue;
        types_status_t before = previous.ptr[i].f1;
        bool was_raised = before == TYPES_STATUS_WARNING || before == TYPES_STATUS_CRITICAL;
        line = was_raised ? threshold - HYSTERESIS : threshold;
    }
    if (filesystem->percent <= line) return TYPES_STATUS_OK;
    return filesystem->percent > CRITICAL ? TYPES_STATUS_CRITICAL : TYPES_STATUS_WARNING;
}

void exports_check_describe(check_description_t *description) {
    types_setting_t *threshold = allocate(1, sizeof *threshold);
    threshold->name = text("threshold");
    threshold->summary = text("Usage of a filesystem above which it is a warning.");
    threshold->default_.is_some = true;
    threshold->default_.val.tag = TYPES_VALUE_NUMBER;
    threshold->default_.val.val.number = DEFAULT_THRESHOLD;
    check_tuple2_string_string_t *attributes = allocate(4, sizeof *attributes);
    attributes[0] = pair("maximum", text("100"));
    attributes[1] = pair("minimum", text("0"));
    attributes[2] = pair("type", text("number"));
    attributes[3] = pair("unit", text("%"));
    threshold->attributes = (types_labels_t){attributes, 4};

    check_tuple2_string_string_t *license = allocate(1, sizeof *license);
    *license = pair("license", text("MIT"));
    description->name = text("filesystems-c");
    description->version = text("0.1.0");
    description->summary = text("Warns of full filesystems");
    description->settings = (types_list_setting_t){threshold, 1};
    description->attributes = (types_labels_t){license, 1};
}

bool exports_check_needs(check_settings_t *settings, check_list_need_t *needs, check_string_t *error) {
    double threshold;
    if (!threshold_of(*settings, &threshold, error)) return false;
    check_need_t *need = allocate(1, sizeof *need);
    need->metric = text(UTILIZATION);
    *needs = (check_list_need_t){need, 1};
    return true;
}

bool exports_check_evaluate(check_input_t *input, check_list_verdict_t *verdicts, check_string_t *error) {
    double threshold;
    if (!threshold_of(input->settings, &threshold, error)) return false;
    filesystems_t filesystems = fullest_first(input->samples);
    if (filesystems.len == 0) {
#ifdef STDIO
        fprintf(stderr, "%zu readings, none of a filesystem\n", input->samples.len);
#endif
        *error = text("no reading of " UTILIZATION);
        return false;
    }
    *verdicts = (check_list_verdict_t){allocate(filesystems.len, sizeof(check_verdict_t)), filesystems.len};
    for (size_t i = 0; i < filesystems.len; i++) {
        const filesystem_t *filesystem = &filesystems.ptr[i];
        check_verdict_t *verdict = &verdicts->ptr[i];
        verdict->status = judge(filesystem, threshold, input->previous);
        verdict->subject = copy_of(filesystem->mountpoint);
        verdict->title = text(verdict->status == TYPES_STATUS_OK ? "Disk usage" : "High disk usage");
        verdict->message = format("Disk usage of %.*s is %.1f%% (threshold: %.15g%%)", (int)filesystem->mountpoint.len,
                                  (const char *)filesystem->mountpoint.ptr, filesystem->percent, threshold);
        types_measure_t *measures = allocate(2, sizeof *measures);
        measures[0] = (types_measure_t){text("used"), filesystem->percent, text("%"), {true, threshold}, {true, CRITICAL}};
        double typical = median(filesystems, filesystem->type);
        measures[1] = (types_measure_t){text("median"), typical, text("%"), {false, 0}, {false, 0}};
        verdict->measures = (types_list_measure_t){measures, 2};
        check_tuple2_string_string_t *attributes = allocate(2, sizeof *attributes);
        attributes[0] = pair("rank", format("%zu of %zu", i + 1, filesystems.len));
        attributes[1] = pair("type", copy_of(filesystem->type));
        verdict->attributes = (types_labels_t){attributes, 2};
    }
    return true;
}
