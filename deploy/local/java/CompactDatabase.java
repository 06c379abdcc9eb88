import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.AbstractUniqueIndex;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.EmptyIndex;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.bson.BsonDecoder;
import de.bwaldvogel.mongo.wire.bson.BsonEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map.Entry;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;
import org.h2.mvstore.type.ObjectDataType;

/**
 * A database that stores documents as BSON and compares index keys by their values.
 *
 * <p>By default both are written with Java serialization, and every comparison of two index keys serializes both of them,
 * which is most of the cost of an insert. Existing stores in that format stay readable; their unique indexes are rebuilt once.
 */
final class CompactDatabase {

    private CompactDatabase() {
    }

    static H2Database open(String databaseName, MVStore store, CursorRegistry cursors) {
        // Anonymous, because the constructor of H2Database calls these methods: captured values are set before it runs.
        return new H2Database(databaseName, store, cursors) {
            @Override
            protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
                String fullName = getFullCollectionNamespace(name);
                // Before super opens it by name: the first to open a map determines its types.
                MVMap<Object, Document> documents = store.openMap(
                    "databases." + fullName, new MVMap.Builder<Object, Document>().valueType(new DocumentType()));
                return new StreamedCollection(this, name, options, documents, store.openMap("meta." + fullName), cursors);
            }

            @Override
            protected Index<Object> openOrCreateUniqueIndex(
                String collection, String name, List<IndexKey> keys, boolean sparse) {
                String serialized = getFullCollectionNamespace(collection) + "._index_" + name;
                if (store.hasMap(serialized)) {
                    store.removeMap(serialized);
                }
                MVMap<KeyValue, Object> positions = store.openMap(
                    positionsOf(collection, name), new MVMap.Builder<KeyValue, Object>().keyType(new KeyType()));
                return new UniqueIndex(positions, name, keys, sparse);
            }

            /** Returns an empty index that does not report to be empty: otherwise each start reads the collection twice. */
            @Override
            protected Index<Object> openOrCreateSecondaryIndex(
                String collection, String name, List<IndexKey> keys, boolean sparse) {
                return new EmptyIndex<>(name, keys) {
                    @Override
                    public boolean isEmpty() {
                        return false;
                    }
                };
            }

            @Override
            protected void dropIndex(MongoCollection<Object> collection, String name) {
                super.dropIndex(collection, name);
                store.removeMap(positionsOf(collection.getCollectionName(), name));
            }

            private String positionsOf(String collection, String index) {
                return getFullCollectionNamespace(collection) + "._unique_" + index;
            }
        };
    }

    private static final class UniqueIndex extends AbstractUniqueIndex<Object> {
        private final MVMap<KeyValue, Object> positions;

        UniqueIndex(MVMap<KeyValue, Object> positions, String name, List<IndexKey> keys, boolean sparse) {
            super(name, keys, sparse);
            this.positions = positions;
        }

        @Override
        public synchronized boolean canHandle(Document query) {
            return super.canHandle(keyPartOf(query));
        }

        @Override
        public synchronized Iterable<Object> getPositions(Document query) {
            return super.getPositions(keyPartOf(query));
        }

        /**
         * Narrows a query that has more conditions than the key, such as an update of one version, by the key; otherwise
         * the whole collection would be read. The results are then matched against the whole query.
         */
        private Document keyPartOf(Document query) {
            Document part = new Document();
            for (String key : keys()) {
                if (query.containsKey(key)) {
                    part.put(key, query.get(key));
                }
            }
            return part;
        }

        @Override
        protected Object removeDocument(KeyValue key) {
            return positions.remove(key);
        }

        @Override
        protected boolean putKeyPosition(KeyValue key, Object position) {
            return positions.putIfAbsent(key, Missing.ofNullable(position)) == null;
        }

        @Override
        protected Iterable<Entry<KeyValue, Object>> getIterable() {
            return positions.entrySet();
        }

        @Override
        protected Object getPosition(KeyValue key) {
            return positions.get(key);
        }

        @Override
        public long getCount() {
            return positions.sizeAsLong();
        }

        @Override
        public boolean isEmpty() {
            return positions.isEmpty();
        }

        @Override
        public long getDataSize() {
            return getCount();
        }
    }

    /** Writes a tag and the document's BSON; any other tag marks a value serialized by Java. */
    private static final class DocumentType extends BasicDataType<Document> {
        /** Not used by ObjectDataType. */
        private static final byte BSON = 31;
        private static final int FIRST_GUESS_BYTES = 1_024;

        private final ObjectDataType serialized = new ObjectDataType();
        /** A moving average for the size of pages and of the cache; a lost update is harmless. */
        private int averageBytes = FIRST_GUESS_BYTES;

        @Override
        public Document[] createStorage(int size) {
            return new Document[size];
        }

        @Override
        public int getMemory(Document document) {
            return averageBytes;
        }

        @Override
        public void write(WriteBuffer target, Document document) {
            ByteBuf bson = Unpooled.buffer(FIRST_GUESS_BYTES);
            try {
                BsonEncoder.encodeDocument(document, bson);
            } catch (IllegalArgumentException noBson) {
                // The few values of mongo-java-server that are never sent to a client.
                serialized.write(target, document);
                return;
            }
            target.put(BSON).put(bson.array(), bson.arrayOffset(), bson.readableBytes());
            learn(bson.readableBytes());
        }

        @Override
        public Document read(ByteBuffer source) {
            int start = source.position();
            if (source.get(start) != BSON) {
                return (Document) serialized.read(source);
            }
            source.position(start + 1);
            ByteBuf bson = Unpooled.wrappedBuffer(source);
            Document document = BsonDecoder.decodeBson(bson);
            source.position(start + 1 + bson.readerIndex());
            learn(bson.readerIndex());
            return document;
        }

        /** An object takes about twice the size of its bytes. */
        private void learn(int bytes) {
            averageBytes = (2 * bytes + 15 * averageBytes) / 16;
        }
    }

    /** Sorts strings first, in their own order; all other values as ObjectDataType does. */
    private static final class KeyType extends BasicDataType<KeyValue> {
        private static final int VALUE_BYTES = 100;

        private final ObjectDataType values = new ObjectDataType();

        @Override
        public KeyValue[] createStorage(int size) {
            return new KeyValue[size];
        }

        @Override
        public int getMemory(KeyValue key) {
            return key.size() * VALUE_BYTES;
        }

        @Override
        public int compare(KeyValue left, KeyValue right) {
            int order = Integer.compare(left.size(), right.size());
            for (int i = 0; order == 0 && i < left.size(); i++) {
                order = compareValues(left.get(i), right.get(i));
            }
            return order;
        }

        private int compareValues(Object left, Object right) {
            if (left instanceof String text) {
                return right instanceof String other ? text.compareTo(other) : -1;
            }
            return right instanceof String ? 1 : values.compare(left, right);
        }

        @Override
        public void write(WriteBuffer target, KeyValue key) {
            target.putVarInt(key.size());
            for (Object value : key) {
                values.write(target, value);
            }
        }

        @Override
        public KeyValue read(ByteBuffer source) {
            int size = DataUtils.readVarInt(source);
            List<Object> read = new ArrayList<>(size);
            for (int i = 0; i < size; i++) {
                read.add(values.read(source));
            }
            return new KeyValue(read);
        }
    }
}
