import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;

/**
 * Returns the memory that a start or a flood needed to the system. The serial collector shrinks the heap only in a full
 * collection, and at rest nothing causes one.
 */
final class MemoryReturn {

    private static final long CHECK_MS = 20_000;
    /** More collections than this between two checks mean load, which a full collection would interrupt. */
    private static final long MAX_COLLECTIONS = 10;
    private static final long WORTH_BYTES = 8L * 1024 * 1024;

    private MemoryReturn() {
    }

    static void start() {
        Thread thread = new Thread(MemoryReturn::run, "memory-return");
        thread.setDaemon(true);
        thread.start();
    }

    private static void run() {
        long collections = collections();
        long heapBytes = 0;
        try {
            while (true) {
                Thread.sleep(CHECK_MS);
                long before = collections;
                collections = collections();
                boolean isAtRest = collections - before <= MAX_COLLECTIONS;
                if (isAtRest && Runtime.getRuntime().totalMemory() > heapBytes + WORTH_BYTES) {
                    System.gc();
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
