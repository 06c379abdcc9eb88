import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.h2.mvstore.MVStore;

/**
 * The embedded MongoDB of the local stack: mongo-java-server on an H2 MVStore file.
 *
 * <p>By default that pair flushes in the background, so kill -9 loses about half a second of acknowledged writes. Here a
 * write is acknowledged only after the store has been committed, and MVStore's own background commits are off: they pass
 * their pages to another thread and report them as saved too early, and they can split one write.
 *
 * <p>usage: EmbeddedMongo HOST PORT FILE
 */
public final class EmbeddedMongo {

    /** The oldest wire version that MongoDB driver 7 (mongoose 9) supports; a higher one would announce missing commands. */
    private static final MongoVersion VERSION = new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(4, 4, 0);
        }

        @Override
        public int getWireVersion() {
            return 9;
        }
    };

    private static final int RETENTION_MS = 10_000;
    private static final int COMPACT_EVERY_SECONDS = 5;
    private static final int COMPACT_FILL_RATE_PERCENT = 70;
    private static final int COMPACT_WRITE_BYTES = 4 * 1024 * 1024;
    private static final int WORKER_THREADS = 16;

    public static void main(String[] args) throws InterruptedException {
        String host = args[0];
        int port = Integer.parseInt(args[1]);
        MVStore store = new MVStore.Builder().fileName(args[2]).autoCommitDisabled().autoCommitBufferSize(0).open();
        store.setRetentionTime(RETENTION_MS);
        DurableBackend backend = new DurableBackend(store);
        backend.version(VERSION);
        MongoServer server = new MongoServer(backend);
        ScheduledExecutorService housekeeping = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "compaction");
            thread.setDaemon(true);
            return thread;
        });
        housekeeping.scheduleWithFixedDelay(
            backend::compact, COMPACT_EVERY_SECONDS, COMPACT_EVERY_SECONDS, TimeUnit.SECONDS);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            housekeeping.shutdownNow();
            backend.saveIndexesAlone();
            server.shutdownNow();
            stopped.countDown();
        }, "shutdown"));
        MemoryReturn.startWithRoom();
        server.bind(new InetSocketAddress(host, port), 1, WORKER_THREADS);
        System.out.println("ready on " + server.getConnectionString());
        stopped.await();
    }

    /** Commits after every write and before its response; writers that wait at the same time share one commit. */
    private static final class DurableBackend extends H2Backend {
        /** Treats every command that is not known to be read-only as a write: a commit without changes costs nothing. */
        private static final Set<String> READS = Set.of(
            "find", "getmore", "killcursors", "count", "distinct", "aggregate", "listcollections", "listindexes",
            "listdatabases", "dbstats", "collstats", "validate", "serverstatus", "ping", "hello", "ismaster", "buildinfo",
            "getparameter", "endsessions", "getlasterror", "connectionstatus", "hostinfo", "getlog", "whatsmyuri");

        private final MVStore store;
        private final IndexStore indexes;
        private final AtomicLong writes = new AtomicLong();
        private long writesAtLastCompaction;

        /** Shared by writers, exclusive for a commit: no commit contains half a write (a document without its index entry). */
        private final ReentrantReadWriteLock gate = new ReentrantReadWriteLock(true);

        DurableBackend(MVStore store) {
            super(store);
            this.store = store;
            indexes = IndexStore.of(store);
            saveIndexesAlone();
        }

        @Override
        protected MongoDatabase openOrCreateDatabase(String name) {
            // Also called by the constructor of H2Backend, before the fields of this class are set.
            return CompactDatabase.open(name, getMvStore(), getCursorRegistry());
        }

        @Override
        public Document handleCommand(Channel channel, String databaseName, String command, Document query) {
            if (READS.contains(command.toLowerCase(Locale.ROOT)) && !writesItsResult(query)) {
                return super.handleCommand(channel, databaseName, command, query);
            }
            try {
                gate.readLock().lock();
                try {
                    return super.handleCommand(channel, databaseName, command, query);
                } finally {
                    gate.readLock().unlock();
                }
            } finally {
                writes.incrementAndGet();
                // Also after an error: an unordered insert may have written some of its documents.
                commitAlone();
            }
        }

        private void commitAlone() {
            gate.writeLock().lock();
            try {
                store.commit();
                if (indexes.isSaveDue()) {
                    saveIndexes();
                }
            } catch (RuntimeException failure) {
                endBecause(failure);
            } finally {
                gate.writeLock().unlock();
            }
        }

        /** Spares the next start to restore what was not saved yet. */
        void saveIndexesAlone() {
            gate.writeLock().lock();
            try {
                store.commit();
                saveIndexes();
            } catch (RuntimeException failure) {
                System.out.println("WARN the indexes were not saved: " + failure);
            } finally {
                gate.writeLock().unlock();
            }
        }

        private void saveIndexes() {
            indexes.save();
            store.commit();
        }

        /** MVStore closes itself permanently when it cannot write (a full disk): only a new process can continue. */
        private static void endBecause(RuntimeException failure) {
            System.out.println("ERROR the store could not be written: " + failure);
            System.out.flush();
            Runtime.getRuntime().halt(1);
        }

        private static boolean writesItsResult(Document query) {
            return query.get("pipeline") instanceof List<?> stages
                && stages.stream().anyMatch(stage ->
                    stage instanceof Document document && (document.containsKey("$out") || document.containsKey("$merge")));
        }

        /** Rewrites half-empty parts of the file; otherwise it would grow with every update. */
        void compact() {
            long seen = writes.get();
            if (seen == writesAtLastCompaction) {
                return;
            }
            writesAtLastCompaction = seen;
            gate.writeLock().lock();
            try {
                if (!store.isClosed() && store.compact(COMPACT_FILL_RATE_PERCENT, COMPACT_WRITE_BYTES)) {
                    store.commit();
                }
            } catch (RuntimeException failure) {
                endBecause(failure);
            } finally {
                gate.writeLock().unlock();
            }
        }
    }
}
