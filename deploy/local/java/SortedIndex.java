import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.bson.Document;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;

/**
 * A secondary index: a map of keys without values. A key is the indexed fields and the document's _id, so that it says
 * where the document is.
 *
 * <p>The library's own queries ignore it: {@link QueryPlanner} reads it. It never rejects a document. One that has an
 * array, or a value whose order is not supported, gets an entry that turns the index off for queries.
 */
final class SortedIndex extends Index<Object> {

    /** The first byte of keys. Behind this one is the number of the content, see {@link IndexStore}. */
    private static final byte COMPLETE = 0;
    private static final byte UNSUPPORTED = 1;
    /**
     * Strings of an index of one field. They are ids mostly, in random order, and entries in that order would change a
     * page of the map each. Entries are added in generations instead: few pages change, and a query looks into each.
     */
    private static final byte HASHED = 2;
    private static final byte SORTED = 3;
    private static final byte[] ALL_SORTED = {SORTED};
    private static final int GENERATION_ENTRIES = 4_096;
    private static final String ID = "_id";

    /** A declaration. `isSparse`: documents without any of the fields have no entry. */
    record IndexKeys(String name, List<IndexKey> keys, boolean isSparse) {
    }

    private final IndexStore store;
    private final String mapName;
    private final MVMap<byte[], Boolean> entries;
    private final List<IndexKey> fields;
    private final boolean isHashed;
    private final boolean isSparse;
    private volatile boolean isFilled;
    private volatile int generation;
    private long inGeneration;

    SortedIndex(IndexStore store, MVStore file, String mapName, IndexKeys keys) {
        super(keys.name(), keys.keys(), true);
        isSparse = keys.isSparse();
        this.store = store;
        this.mapName = mapName;
        entries = file.openMap(
            mapName, new MVMap.Builder<byte[], Boolean>().keyType(new SortedKeyType()).valueType(new NoValueType()));
        fields = new ArrayList<>(keys.keys());
        if (fields.stream().noneMatch(key -> key.getKey().equals(ID))) {
            fields.add(new IndexKey(ID, true));
        }
        isHashed = fields.size() == 2;
        Long content = store.contentOf(mapName);
        isFilled = content != null && entries.containsKey(complete(content));
        byte[] last = entries.lowerKey(ALL_SORTED);
        if (last != null && last[0] == HASHED) {
            generation = generationOf(last);
            inGeneration = count(generationStart(generation), ALL_SORTED);
        }
    }

    /** Returns the indexed fields, and _id. */
    List<IndexKey> fields() {
        return fields;
    }

    MVMap<byte[], Boolean> entries() {
        return entries;
    }

    /** Returns the start of all entries that are in the order of the fields. */
    byte[] sortedStart() {
        return ALL_SORTED;
    }

    /** Returns true if the values of a field are in its order. */
    boolean startsWith(String field) {
        return fields.get(0).getKey().equals(field) && !hasHashed() && !isSparse;
    }

    /** Returns true if a document without an entry cannot match. */
    boolean hasAllOf(Conditions conditions) {
        return !isSparse || getKeys().stream().anyMatch(field -> conditions.excludeNull(field.getKey()));
    }

    /** Returns true if strings are in no order. */
    boolean isHashed() {
        return isHashed;
    }

    boolean hasHashed() {
        return isHashed && oldestGeneration() <= generation;
    }

    /** Returns false while a query would miss documents. */
    boolean isUsable() {
        byte[] first = entries.ceilingKey(new byte[] {UNSUPPORTED});
        return isFilled && (first == null || first[0] != UNSUPPORTED);
    }

    /** Returns the starts of the entries of a string, in no order. */
    List<byte[]> hashedStarts(String value) {
        List<byte[]> starts = new ArrayList<>();
        for (int each = oldestGeneration(); each <= generation; each++) {
            starts.add(hashed(each, value).toBytes());
        }
        return starts;
    }

    private int oldestGeneration() {
        byte[] first = entries.ceilingKey(new byte[] {HASHED});
        return first == null || first[0] != HASHED ? generation + 1 : generationOf(first);
    }

    /** Returns the number of entries from one key up to another, which is excluded. */
    long count(byte[] from, byte[] until) {
        return rank(until) - rank(from);
    }

    private long rank(byte[] key) {
        long index = entries.getKeyIndex(key);
        return index < 0 ? -index - 1 : index;
    }

    boolean isFilled() {
        return isFilled;
    }

    void fill(Stream<Document> documents) {
        entries.clear();
        generation = 0;
        inGeneration = 0;
        isFilled = true;
        documents.forEach(document -> add(document, null, null));
        if (isFilled) {
            entries.put(complete(store.filled(mapName)), true);
        }
    }

    /**
     * Restores the entry of a document after a kill. `before`: what of it was indexed when the entries were saved, or empty;
     * `isAhead`: they can have been saved once more.
     */
    void restore(Document before, Document now, boolean isAhead) {
        if (!before.isEmpty()) {
            remove(before);
        }
        if (now != null) {
            if (isAhead) {
                remove(now);
            }
            add(now, null, null);
        }
    }

    private static byte[] complete(long content) {
        return new KeyBytes().raw(COMPLETE).raw(content).toBytes();
    }

    @Override
    public void add(Document document, Object position, MongoCollection<Object> collection) {
        if (!(document.get(ID) instanceof String)) {
            // No collection that needs an index has others.
            isFilled = false;
            store.isOutdated(mapName);
            return;
        }
        if (isLeftOut(document)) {
            return;
        }
        List<String> texts = textsOf(document);
        if (texts.isEmpty()) {
            entries.put(keyOf(document), true);
        }
        for (String text : texts) {
            if (inGeneration >= GENERATION_ENTRIES) {
                generation += 1;
                inGeneration = 0;
            }
            inGeneration += 1;
            entries.put(hashedKey(generation, text, document), true);
        }
    }

    @Override
    public Object remove(Document document) {
        if (!(document.get(ID) instanceof String)) {
            return null;
        }
        if (isLeftOut(document)) {
            return null;
        }
        List<String> texts = textsOf(document);
        if (texts.isEmpty()) {
            entries.remove(keyOf(document));
        }
        int newest = generation;
        for (String text : texts) {
            // The oldest documents are removed first.
            for (int each = oldestGeneration(); each <= newest; each++) {
                if (entries.remove(hashedKey(each, text, document)) != null) {
                    break;
                }
            }
        }
        return null;
    }

    @Override
    public void updateInPlace(
        Document oldDocument, Document newDocument, Object position, MongoCollection<Object> collection) {
        if (differs(oldDocument, newDocument)) {
            remove(oldDocument);
            add(newDocument, position, collection);
        }
    }

    boolean differs(Document one, Document other) {
        for (IndexKey field : fields) {
            if (!Objects.equals(valueOf(one, field), valueOf(other, field))) {
                return true;
            }
        }
        return false;
    }

    private boolean isLeftOut(Document document) {
        if (!isSparse) {
            return false;
        }
        for (IndexKey field : getKeys()) {
            if (valueOf(document, field) != null || document.containsKey(field.getKey())) {
                return false;
            }
        }
        return true;
    }

    /** Returns the strings that are hashed: a document with a list of them is found by each. */
    private List<String> textsOf(Document document) {
        Object value = isHashed ? valueOf(document, fields.get(0)) : null;
        if (value instanceof String text) {
            return List.of(text);
        }
        boolean areTexts = value instanceof Collection<?> several && several.stream().allMatch(String.class::isInstance);
        return areTexts ? ((Collection<?>) value).stream().map(String.class::cast).distinct().toList() : List.of();
    }

    /** Returns the key of a document that is not hashed. */
    private byte[] keyOf(Document document) {
        KeyBytes key = new KeyBytes().raw(SORTED);
        for (IndexKey field : fields) {
            if (!key.value(valueOf(document, field), field.isAscending())) {
                return unsupported(document);
            }
        }
        return key.toBytes();
    }

    private static byte[] unsupported(Document document) {
        KeyBytes key = new KeyBytes().raw(UNSUPPORTED);
        key.value(document.get(ID), true);
        return key.toBytes();
    }

    private static int generationOf(byte[] hashedKey) {
        return ByteBuffer.wrap(hashedKey).getInt(1);
    }

    private static byte[] generationStart(int generation) {
        return ByteBuffer.allocate(5).put(HASHED).putInt(generation).array();
    }

    private static KeyBytes hashed(int generation, String value) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < value.length(); i++) {
            hash = (hash ^ value.charAt(i)) * 0x100000001b3L;
        }
        return new KeyBytes().raw(generationStart(generation)).raw(hash);
    }

    private static byte[] hashedKey(int generation, String value, Document document) {
        KeyBytes key = hashed(generation, value);
        key.value(document.get(ID), true);
        return key.toBytes();
    }

    private static Object valueOf(Document document, IndexKey field) {
        String name = field.getKey();
        return name.indexOf('.') < 0
            ? Missing.isNullOrMissing(document.get(name)) ? null : document.get(name)
            : Utils.getSubdocumentValueCollectionAware(document, name);
    }

    /** Returns the _id at the end of a key. */
    String idOf(byte[] key) {
        if (key[0] == HASHED) {
            return KeyBytes.stringAt(key, 5 + Long.BYTES, true);
        }
        int at = 1;
        for (IndexKey field : fields) {
            if (field.getKey().equals(ID)) {
                return KeyBytes.stringAt(key, at, field.isAscending());
            }
            at = KeyBytes.endOf(key, at, field.isAscending());
        }
        throw new IllegalStateException("no _id in a key of " + getName());
    }

    /** The library finds a document by its unique indexes. */
    @Override
    public Object getPosition(Document document) {
        return null;
    }

    @Override
    public boolean canHandle(Document query) {
        return false;
    }

    @Override
    public Iterable<Object> getPositions(Document query) {
        throw new UnsupportedOperationException("read by the planner");
    }

    @Override
    public void checkAdd(Document document, MongoCollection<Object> collection) {
        // Nothing is rejected.
    }

    @Override
    public void checkUpdate(Document oldDocument, Document newDocument, MongoCollection<Object> collection) {
        // Nothing is rejected.
    }

    @Override
    public long getCount() {
        return entries.sizeAsLong();
    }

    /** StreamedCollection fills it: the library would read the collection twice for each index. */
    @Override
    public boolean isEmpty() {
        return false;
    }

    @Override
    public long getDataSize() {
        return getCount();
    }

    @Override
    public void drop() {
        // CompactDatabase removes the map.
    }

    /** Writes how many bytes a key shares with the one before it, and the rest. */
    static final class SortedKeyType extends BasicDataType<byte[]> {
        private static final int OBJECT_BYTES = 24;

        @Override
        public byte[][] createStorage(int size) {
            return new byte[size][];
        }

        @Override
        public int getMemory(byte[] key) {
            return OBJECT_BYTES + key.length;
        }

        @Override
        public int compare(byte[] left, byte[] right) {
            return Arrays.compareUnsigned(left, right);
        }

        @Override
        public void write(WriteBuffer target, byte[] key) {
            target.putVarInt(key.length).put(key);
        }

        @Override
        public byte[] read(ByteBuffer source) {
            byte[] key = new byte[DataUtils.readVarInt(source)];
            source.get(key);
            return key;
        }

        @Override
        public void write(WriteBuffer target, Object storage, int size) {
            byte[] before = {};
            for (byte[] key : Arrays.copyOf(cast(storage), size)) {
                int shared = sharedBytes(before, key);
                target.putVarInt(shared).putVarInt(key.length - shared).put(key, shared, key.length - shared);
                before = key;
            }
        }

        @Override
        public void read(ByteBuffer source, Object storage, int size) {
            byte[] before = {};
            byte[][] keys = cast(storage);
            for (int i = 0; i < size; i++) {
                int shared = DataUtils.readVarInt(source);
                int rest = DataUtils.readVarInt(source);
                byte[] key = Arrays.copyOf(before, shared + rest);
                source.get(key, shared, rest);
                keys[i] = key;
                before = key;
            }
        }

        private static int sharedBytes(byte[] left, byte[] right) {
            int mismatch = Arrays.mismatch(left, right);
            return mismatch < 0 ? right.length : mismatch;
        }
    }

    /** Nothing, in no bytes. */
    private static final class NoValueType extends BasicDataType<Boolean> {
        @Override
        public Boolean[] createStorage(int size) {
            return new Boolean[size];
        }

        @Override
        public int getMemory(Boolean value) {
            return 0;
        }

        @Override
        public void write(WriteBuffer target, Boolean value) {
            // Nothing.
        }

        @Override
        public Boolean read(ByteBuffer source) {
            return Boolean.TRUE;
        }
    }
}
