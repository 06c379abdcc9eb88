import com.yammer.metrics.core.Histogram;
import com.yammer.metrics.core.Metric;
import com.yammer.metrics.core.MetricName;
import com.yammer.metrics.core.MetricsRegistry;
import com.yammer.metrics.core.MetricsRegistryListener;
import com.yammer.metrics.stats.Sample;
import com.yammer.metrics.stats.Snapshot;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The last values of a histogram, from which its percentiles are computed. Kafka's own histograms keep 1,028 values each, weighted by
 * their age, in a sorted tree: with some ten histograms for each request that is a tenth of the CPU time of a request.
 */
final class RecentValues implements Sample {

    private static final int SIZE = 256;

    private final AtomicLong count = new AtomicLong();
    /** Absent until there is a value: most of the several hundred histograms never get one. */
    private volatile AtomicLongArray values;

    /** Makes every histogram of the registry that is created from now on keep its last values. */
    static void useIn(MetricsRegistry registry) {
        try {
            Field sample = Histogram.class.getDeclaredField("sample");
            sample.setAccessible(true);
            registry.addListener(new MetricsRegistryListener() {
                @Override
                public void onMetricAdded(MetricName name, Metric metric) {
                    if (metric instanceof Histogram) {
                        replace(sample, metric);
                    }
                }

                @Override
                public void onMetricRemoved(MetricName name) {
                }
            });
        } catch (NoSuchFieldException e) {
            throw new IllegalStateException("the metrics library has changed: adapt RecentValues", e);
        }
    }

    private static void replace(Field sample, Metric histogram) {
        try {
            sample.set(histogram, new RecentValues());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("the metrics library has changed: adapt RecentValues", e);
        }
    }

    @Override
    public void clear() {
        count.set(0);
    }

    @Override
    public int size() {
        return (int) Math.min(SIZE, count.get());
    }

    @Override
    public void update(long value) {
        AtomicLongArray known = values;
        if (known == null) {
            known = create();
        }
        known.lazySet((int) (count.getAndIncrement() % SIZE), value);
    }

    @Override
    public Snapshot getSnapshot() {
        AtomicLongArray known = values;
        double[] recent = new double[known == null ? 0 : size()];
        Arrays.setAll(recent, known == null ? index -> 0 : known::get);
        return new Snapshot(recent);
    }

    private synchronized AtomicLongArray create() {
        if (values == null) {
            values = new AtomicLongArray(SIZE);
        }
        return values;
    }
}
