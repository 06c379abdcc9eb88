import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;

/**
 * Returns the memory that a start or a flood needed to the system. The serial collector shrinks the heap only in a full
 * collection, and at rest nothing causes one.
 */
final class MemoryReturn {

    private static final String MIN_FREE = "MinHeapFreeRatio";
    private static final String MAX_FREE = "MaxHeapFreeRatio";
    private static final long CHECK_MS = 20_000;
    /** More collections than this between two checks mean load, which a full collection would interrupt. */
    private static final long MAX_COLLECTIONS = 10;
    private static final long WORTH_BYTES = 8L * 1024 * 1024;

    /** The free parts of the heap between which a full collection at rest leaves it: those of the command line. */
    private static final int[] AT_REST_PERCENT = {10, 20};
    private static final int[] UNDER_LOAD_PERCENT = {40, 70};

    private MemoryReturn() {
    }

    /**
     * Also lets the heap grow faster under load. With little free, a flood into an empty MongoDB caused three times as
     * many full collections, an eighth of its CPU time.
     */
    static void startWithRoom() {
        leaveFree(UNDER_LOAD_PERCENT);
        start(MemoryReturn::collectWithoutRoom);
    }

    static void start() {
        start(System::gc);
    }

    private static void collectWithoutRoom() {
        leaveFree(AT_REST_PERCENT);
        System.gc();
        leaveFree(UNDER_LOAD_PERCENT);
    }

    private static void leaveFree(int[] percent) {
        HotSpotDiagnosticMXBean options = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        // In an order in which the minimum is never above the maximum.
        boolean isMore = percent[1] > Integer.parseInt(options.getVMOption(MAX_FREE).getValue());
        for (String option : isMore ? List.of(MAX_FREE, MIN_FREE) : List.of(MIN_FREE, MAX_FREE)) {
            options.setVMOption(option, String.valueOf(percent[option.equals(MAX_FREE) ? 1 : 0]));
        }
    }

    private static void start(Runnable collect) {
        Thread thread = new Thread(() -> run(collect), "memory-return");
        thread.setDaemon(true);
        thread.start();
    }

    private static void run(Runnable collect) {
        long collections = collections();
        long heapBytes = 0;
        try {
            while (true) {
                Thread.sleep(CHECK_MS);
                long before = collections;
                collections = collections();
                boolean isAtRest = collections - before <= MAX_COLLECTIONS;
                if (isAtRest && Runtime.getRuntime().totalMemory() > heapBytes + WORTH_BYTES) {
                    collect.run();
                    heapBytes = Runtime.getRuntime().totalMemory();
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
            .mapToLong(GarbageCollectorMXBean::getCollectionCount)
            .sum();
    }
}
