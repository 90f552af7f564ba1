import { Histogram, type HistogramConfiguration } from "prom-client";

/** As the library has it, which does not let its own type be bundled. */
type Labels<L extends string> = Partial<Record<L, string | number>>;

/** A histogram with buckets, in seconds, and the labels of its series. */
export interface DurationsConfig<L extends string> extends HistogramConfiguration<L> {
  readonly buckets: number[];
}

/** What has the same labels. */
export class Series {
  sum = 0;
  /** How many were within each bound and beyond the one before it, and at last how many were beyond all. */
  readonly counts: number[];
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = [...bounds, Infinity].map(() => 0);
  }

  observe(seconds: number): void {
    const bounds = this.#bounds;
    let place = 0;
    while (place < bounds.length && seconds > (bounds[place] ?? 0)) place += 1;
    this.counts[place] = (this.counts[place] ?? 0) + 1;
    this.sum += seconds;
  }
}

type Exported<L extends string> = Awaited<ReturnType<Histogram<L>["get"]>>;

/**
 * A histogram whose series are found once and counted in plain numbers, of which metrics are made when somebody asks: to
 * find a series by its labels and a bucket by its bound takes prom-client longer than all else that is counted of a request.
 */
export class Durations<L extends string> extends Histogram<L> {
  readonly #config: DurationsConfig<L>;
  /** Has the form of all, and nothing in it. */
  readonly #empty: Histogram<L>;
  readonly #added = new Map<string, Series>();
  readonly #all: { readonly labels: Labels<L>; readonly series: Series }[] = [];

  constructor(config: DurationsConfig<L>) {
    super(config);
    this.#config = config;
    this.#empty = new Histogram({ ...config, registers: [] });
  }

  /** For labels of which one does not know whether they were there before. */
  add(labels: Labels<L>, seconds: number): void {
    let place = "";
    for (const name in labels) place += `${labels[name]}\n`;
    const series = this.#added.get(place) ?? this.begin(labels);
    this.#added.set(place, series);
    series.observe(seconds);
  }

  /** To be called once for the same labels. */
  begin(labels: Labels<L>): Series {
    const series = new Series(this.#config.buckets);
    this.#all.push({ labels, series });
    return series;
  }

  override async get(): Promise<Exported<L>> {
    const all = await this.#empty.get();
    for (const one of this.#all) all.values.push(...this.#export(one.labels, one.series));
    return all;
  }

  /** The same: what a registry asks first. */
  getForPromString(): Promise<Exported<L>> {
    return this.get();
  }

  #export(labels: Labels<L>, { counts, sum }: Series): Exported<L>["values"] {
    const { name, buckets } = this.#config;
    let count = 0;
    const values = [...buckets, "+Inf"].map((le, place) => {
      count += counts[place] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...values,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
