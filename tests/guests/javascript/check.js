// How full each filesystem is, compared with others of its type: the check of `../python/check.py`, in JavaScript.

const UTILIZATION = 'system.filesystem.utilization';
const MOUNTPOINT = 'system.filesystem.mountpoint';
const TYPE = 'system.filesystem.type';

/** Usage above which a warning is critical, in percent. */
const CRITICAL = 95;
/** How far below the threshold a raised status clears, in percent. */
const HYSTERESIS = 5;
const DEFAULT_THRESHOLD = 90;

/** The error case of a result: the sentence that the operator reads. */
class Refusal extends Error {
  constructor(sentence) {
    super(sentence);
    this.payload = sentence;
  }
}

export function describe() {
  return {
    name: 'filesystems-javascript',
    version: '0.1.0',
    summary: 'Warns of full filesystems',
    settings: [
      {
        name: 'threshold',
        summary: 'Usage of a filesystem above which it is a warning.',
        default: { tag: 'number', val: DEFAULT_THRESHOLD },
        attributes: [['maximum', '100'], ['minimum', '0'], ['type', 'number'], ['unit', '%']],
      },
    ],
    attributes: [['license', 'MIT']],
  };
}

export function needs(settings) {
  thresholdOf(settings);
  return [{ metric: UTILIZATION, labels: [], windowSeconds: 0 }];
}

export function evaluate({ settings, samples, previous }) {
  const threshold = thresholdOf(settings);
  const filesystems = fullestFirst(samples);
  if (filesystems.length === 0) {
    throw new Refusal(`no reading of ${UTILIZATION}`);
  }
  const medians = mediansByType(filesystems);
  const before = new Map(previous);
  return filesystems.map((filesystem, index) => {
    const { mountpoint, type, percent } = filesystem;
    const status = judge(percent, threshold, before.get(mountpoint));
    const measure = { name: 'used', value: percent, unit: '%', warning: threshold, critical: CRITICAL };
    return {
      status,
      subject: mountpoint,
      title: status === 'ok' ? 'Disk usage' : 'High disk usage',
      message: `Disk usage of ${mountpoint} is ${percent.toFixed(1)}% (threshold: ${threshold}%)`,
      measures: [measure, { name: 'median', value: medians.get(type), unit: '%' }],
      attributes: [['rank', `${index + 1} of ${filesystems.length}`], ['type', type]],
    };
  });
}

function thresholdOf(settings) {
  const { tag, val } = new Map(settings).get('threshold') ?? { tag: 'number', val: DEFAULT_THRESHOLD };
  if (tag !== 'number' || !(val >= 0 && val <= 100)) {
    throw new Refusal(`threshold is ${JSON.stringify(val)}, allowed is a number from 0 to 100, in %`);
  }
  return val;
}

/** One entry per mount point: where one mount hides another, the fuller one stands for both. */
function fullestFirst(samples) {
  const fullest = new Map();
  for (const { name, labels, value } of samples) {
    if (name !== UTILIZATION) continue;
    const byKey = new Map(labels);
    const mountpoint = byKey.get(MOUNTPOINT) ?? '';
    const found = { mountpoint, type: byKey.get(TYPE) ?? '', percent: value * 100 };
    if (!(fullest.get(mountpoint)?.percent >= found.percent)) {
      fullest.set(mountpoint, found);
    }
  }
  const byName = (a, b) => (a.mountpoint < b.mountpoint ? -1 : 1);
  return [...fullest.values()].sort((a, b) => b.percent - a.percent || byName(a, b));
}

function mediansByType(filesystems) {
  const medians = new Map();
  for (const [type, group] of Map.groupBy(filesystems, ({ type }) => type)) {
    medians.set(type, median(group.map(({ percent }) => percent)));
  }
  return medians;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function judge(percent, threshold, before) {
  const wasRaised = before === 'warning' || before === 'critical';
  const line = wasRaised ? threshold - HYSTERESIS : threshold;
  if (percent <= line) return 'ok';
  return percent > CRITICAL ? 'critical' : 'warning';
}
