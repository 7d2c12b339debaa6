// Package export_wit_world judges how full each filesystem is, compared with others of its type: the check of
// `../python/check.py`, in Go. The generated code calls its functions, and wants this name.
package export_wit_world

import (
	"cmp"
	"fmt"
	"slices"

	"go.bytecodealliance.org/pkg/wit/types"
	check "wit_component/checkpost_check_types"
)

const (
	utilization = "system.filesystem.utilization"
	mountpoint  = "system.filesystem.mountpoint"
	kind        = "system.filesystem.type"

	// Usage above which a warning is critical, in percent.
	critical = 95.0
	// How far below the threshold a raised status clears, in percent.
	hysteresis       = 5.0
	defaultThreshold = 90.0
)

type label = types.Tuple2[string, string]

type filesystem struct {
	mountpoint, kind string
	percent          float64
}

// Describe describes the check and its setting.
func Describe() check.Description {
	return check.Description{
		Name:    "filesystems-go",
		Version: "0.1.0",
		Summary: "Warns of full filesystems",
		Settings: []check.Setting{{
			Name:       "threshold",
			Summary:    "Usage of a filesystem above which it is a warning.",
			Default:    types.Some(check.MakeValueNumber(defaultThreshold)),
			Attributes: []label{{"maximum", "100"}, {"minimum", "0"}, {"type", "number"}, {"unit", "%"}},
		}},
		Attributes: []label{{"license", "MIT"}},
	}
}

// Needs returns the readings of all filesystems.
func Needs(settings check.Settings) types.Result[[]check.Need, string] {
	if _, err := thresholdOf(settings); err != nil {
		return types.Err[[]check.Need](err.Error())
	}
	return types.Ok[[]check.Need, string]([]check.Need{{Metric: utilization}})
}

// Evaluate returns one verdict for each filesystem.
func Evaluate(input check.Input) types.Result[[]check.Verdict, string] {
	threshold, err := thresholdOf(input.Settings)
	if err != nil {
		return types.Err[[]check.Verdict](err.Error())
	}
	filesystems := fullestFirst(input.Samples)
	if len(filesystems) == 0 {
		return types.Err[[]check.Verdict]("no reading of " + utilization)
	}
	medians := mediansByKind(filesystems)
	before := map[string]check.Status{}
	for _, previous := range input.Previous {
		before[previous.F0] = previous.F1
	}
	var verdicts []check.Verdict
	for i, found := range filesystems {
		status := judge(found.percent, threshold, before[found.mountpoint])
		title := "High disk usage"
		if status == check.Status_Ok {
			title = "Disk usage"
		}
		verdicts = append(verdicts, check.Verdict{
			Status:  status,
			Subject: found.mountpoint,
			Title:   title,
			Message: fmt.Sprintf("Disk usage of %s is %.1f%% (threshold: %.15g%%)", found.mountpoint, found.percent, threshold),
			Measures: []check.Measure{
				{Name: "used", Value: found.percent, Unit: "%", Warning: types.Some(threshold), Critical: types.Some(critical)},
				{Name: "median", Value: medians[found.kind], Unit: "%"},
			},
			Attributes: []label{{"rank", fmt.Sprintf("%d of %d", i+1, len(filesystems))}, {"type", found.kind}},
		})
	}
	return types.Ok[[]check.Verdict, string](verdicts)
}

// The host refuses values of another type than the one that Describe declares.
func thresholdOf(settings check.Settings) (float64, error) {
	threshold := defaultThreshold
	for _, setting := range settings {
		if setting.F0 == "threshold" {
			threshold = setting.F1.Number()
		}
	}
	if !(threshold >= 0 && threshold <= 100) {
		return 0, fmt.Errorf("threshold is %.15g, allowed is a number from 0 to 100, in %%", threshold)
	}
	return threshold, nil
}

// One entry per mount point: where one mount hides another, the fuller one stands for both.
func fullestFirst(samples []check.Sample) []filesystem {
	fullest := map[string]filesystem{}
	for _, sample := range samples {
		if sample.Name != utilization {
			continue
		}
		found := filesystem{labelOf(sample, mountpoint), labelOf(sample, kind), sample.Value * 100}
		known, isKnown := fullest[found.mountpoint]
		if !isKnown || known.percent < found.percent {
			fullest[found.mountpoint] = found
		}
	}
	var filesystems []filesystem
	for _, found := range fullest {
		filesystems = append(filesystems, found)
	}
	slices.SortFunc(filesystems, func(a, b filesystem) int {
		return cmp.Or(cmp.Compare(b.percent, a.percent), cmp.Compare(a.mountpoint, b.mountpoint))
	})
	return filesystems
}

func labelOf(sample check.Sample, key string) string {
	for _, label := range sample.Labels {
		if label.F0 == key {
			return label.F1
		}
	}
	return ""
}

// The medians of filesystems that are sorted by usage.
func mediansByKind(filesystems []filesystem) map[string]float64 {
	percents := map[string][]float64{}
	for _, found := range filesystems {
		percents[found.kind] = append(percents[found.kind], found.percent)
	}
	medians := map[string]float64{}
	for kind, group := range percents {
		middle := len(group) / 2
		if len(group)%2 == 1 {
			medians[kind] = group[middle]
		} else {
			medians[kind] = (group[middle-1] + group[middle]) / 2
		}
	}
	return medians
}

// A filesystem without a previous status has the zero value, which is ok.
func judge(percent, threshold float64, before check.Status) check.Status {
	line := threshold
	if before == check.Status_Warning || before == check.Status_Critical {
		line -= hysteresis
	}
	switch {
	case percent <= line:
		return check.Status_Ok
	case percent > critical:
		return check.Status_Critical
	}
	return check.Status_Warning
}
