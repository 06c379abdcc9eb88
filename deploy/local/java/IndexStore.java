import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiConsumer;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.store.fs.FileUtils;

/**
 * The file of the secondary indexes, beside that of the documents.
 *
 * <p>Its changes are saved for some thousand documents together, because those of one write are all over an index, and
 * each changed page would be written again. Until then the store of the documents remembers which documents were changed,
 * and what of them was indexed before: after kill -9 these are indexed again.
 */
final class IndexStore {

    /** A start after kill -9 reads that many documents. */
    private static final int SAVE_AFTER_DOCUMENTS = 8_192;
    private static final int CACHE_MB = 8;
    private static final int RETENTION_MS = 10_000;
    private static final int COMPACT_FILL_RATE_PERCENT = 60;
    private static final int COMPACT_WRITE_BYTES = 4 * 1024 * 1024;
    private static final String SAVES = " saves";
    private static final Map<MVStore, IndexStore> OF_STORES = new ConcurrentHashMap<>();

    private final MVStore store;
    private final MVMap<String, Long> saves;
    /** In the store of the documents: the number of each index's content, and that of saves. */
    private final MVMap<String, Long> contents;
    /** In the store of the documents: what was indexed of each changed document when this store was saved last. */
    private final MVMap<byte[], Document> changed;

    private final boolean isAhead;
    /** An index was filled, which `changed` does not say. */
    private volatile boolean isFilled;

    private IndexStore(MVStore documents) {
        store = open(documents.getFileStore().getFileName() + ".indexes");
        store.setRetentionTime(RETENTION_MS);
        saves = store.openMap("saves");
        contents = documents.openMap("indexes.contents");
        changed = documents.openMap(
            "indexes.changed",
            new MVMap.Builder<byte[], Document>()
                .keyType(new SortedIndex.SortedKeyType())
                .valueType(new CompactDatabase.DocumentType()));
        long ahead = saves.getOrDefault(SAVES, 0L) - contents.getOrDefault(SAVES, 0L);
        // One more was saved here if a kill came between the two stores; anything else is the file of another time.
        if (ahead != 0 && ahead != 1) {
            contents.clear();
            contents.put(SAVES, saves.getOrDefault(SAVES, 0L));
        }
        isAhead = ahead == 1;
    }

    private static MVStore open(String file) {
        MVStore.Builder builder =
            new MVStore.Builder().fileName(file).cacheSize(CACHE_MB).autoCommitDisabled().autoCommitBufferSize(0);
        try {
            return builder.open();
        } catch (MVStoreException damaged) {
            if (damaged.getErrorCode() == DataUtils.ERROR_FILE_LOCKED) {
                throw damaged;
            }
            System.out.println("WARN " + file + " is filled again, because it cannot be read: " + damaged);
            FileUtils.delete(file);
            return builder.open();
        }
    }

    /** Returns true if the indexes were saved once more than the store of the documents knows. */
    boolean isAhead() {
        return isAhead;
    }

    /** Opens the indexes of a store of documents. */
    static IndexStore of(MVStore documents) {
        return OF_STORES.computeIfAbsent(documents, IndexStore::new);
    }

    SortedIndex open(String mapName, SortedIndex.IndexKeys keys) {
        return new SortedIndex(this, store, mapName, keys);
    }

    /** Returns the number that an index has if it contains all documents, or null. */
    Long contentOf(String mapName) {
        return contents.get(mapName);
    }

    /** Returns a new number for an index that contains all documents. */
    long filled(String mapName) {
        long content = ThreadLocalRandom.current().nextLong();
        contents.put(mapName, content);
        isFilled = true;
        return content;
    }

    /** The documents of an index were changed without it. */
    void isOutdated(String mapName) {
        contents.remove(mapName);
    }

    void drop(String mapName) {
        contents.remove(mapName);
        store.removeMap(mapName);
    }

    /** Remembers a document that is added, changed or removed; `indexed` is what of it was indexed, empty for a new one. */
    void isChanging(String collection, String id, Document indexed) {
        KeyBytes key = new KeyBytes();
        key.value(collection, true);
        key.value(id, true);
        changed.putIfAbsent(key.toBytes(), indexed);
    }

    /** Calls `reindex` with the id of each document of a collection that was changed since the last save. */
    void forEachChanged(String collection, BiConsumer<String, Document> reindex) {
        byte[] start = KeyBytes.of(collection);
        List<Entry<String, Document>> found = new ArrayList<>();
        var cursor = changed.cursor(start, KeyBytes.behind(start), false);
        while (cursor.hasNext()) {
            String id = KeyBytes.stringAt(cursor.next(), start.length, true);
            found.add(Map.entry(id, cursor.getValue()));
        }
        found.forEach(entry -> reindex.accept(entry.getKey(), entry.getValue()));
    }

    boolean isSaveDue() {
        return isFilled || changed.sizeAsLong() >= SAVE_AFTER_DOCUMENTS;
    }

    /** Saves all changes. The store of the documents must have been committed before and be committed after it. */
    void save() {
        long number = contents.getOrDefault(SAVES, 0L) + 1;
        saves.put(SAVES, number);
        store.commit();
        // Only now: it saves what was changed since.
        if (store.compact(COMPACT_FILL_RATE_PERCENT, COMPACT_WRITE_BYTES)) {
            store.commit();
        }
        contents.put(SAVES, number);
        changed.clear();
        isFilled = false;
    }
}
