import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.DatabaseResolver;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.oplog.Oplog;
import de.bwaldvogel.mongo.wire.bson.BsonDecoder;
import de.bwaldvogel.mongo.wire.bson.BsonEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;
import org.h2.mvstore.type.ObjectDataType;

/**
 * A database that stores documents as BSON, compares index keys by their values, and has secondary indexes.
 *
 * <p>By default documents and keys are written with Java serialization, every comparison of two keys serializes both of
 * them, which is most of the cost of an insert, and there are no secondary indexes. Existing stores stay readable; what
 * their indexes lack is added once.
 */
final class CompactDatabase {

    private CompactDatabase() {
    }

    static H2Database open(String databaseName, MVStore store, CursorRegistry cursors) {
        // Anonymous, because the constructor of H2Database calls these methods: captured values are set before it runs.
        IndexStore indexStore = IndexStore.of(store);
        Set<String> outdated = new HashSet<>();
        return new H2Database(databaseName, store, cursors) {
            {
                MongoCollection<Object> descriptions = indexes.get();
                if (descriptions != null) {
                    for (String name : descriptions.queryAllAsStream().map(this::collectionOf).distinct().toList()) {
                        indexed(name).ifPresent(collection -> {
                            collection.restoreIndexes();
                            collection.fillIndexes();
                        });
                    }
                }
            }

            @Override
            protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
                MVMap<String, Object> meta = store.openMap("meta." + getFullCollectionNamespace(name));
                return new StreamedCollection(this, name, options, openDocuments(name), meta, cursors, indexStore);
            }

            /** Opens it before super does: the first to open a map determines its types. */
            private MVMap<Object, Document> openDocuments(String collection) {
                return store.openMap(
                    "databases." + getFullCollectionNamespace(collection),
                    new MVMap.Builder<Object, Document>().valueType(new DocumentType()));
            }

            @Override
            protected Index<Object> openOrCreateUniqueIndex(
                String collection, String name, List<IndexKey> keys, boolean sparse) {
                String serialized = getFullCollectionNamespace(collection) + "._index_" + name;
                if (store.hasMap(serialized)) {
                    store.removeMap(serialized);
                }
                if (keys.size() == 1 && keys.get(0).getKey().equals("_id")) {
                    return openIdIndex(collection, name, keys);
                }
                return new UniqueIndex(openPositions(positionsOf(collection, name)), name, keys, sparse);
            }

            private IdIndex openIdIndex(String collection, String name, List<IndexKey> keys) {
                String all = positionsOf(collection, name);
                String others = idsOf(collection);
                boolean isFilled = store.hasMap(others) || store.hasMap(all);
                MVMap<KeyValue, Object> positions = openPositions(others);
                if (store.hasMap(all)) {
                    // An earlier release was here: it stored strings too, and wrote without the secondary indexes.
                    outdated.add(collection);
                    IdIndex.copyOthers(openPositions(all), positions);
                    store.removeMap(all);
                }
                return new IdIndex(openDocuments(collection), positions, name, keys, isFilled);
            }

            private MVMap<KeyValue, Object> openPositions(String map) {
                return store.openMap(map, new MVMap.Builder<KeyValue, Object>().keyType(new UniqueIndex.KeyType()));
            }

            @Override
            protected Index<Object> openOrCreateSecondaryIndex(
                String collection, String name, List<IndexKey> keys, boolean sparse) {
                String entries = entriesOf(collection, name);
                if (outdated.contains(collection)) {
                    indexStore.isOutdated(entries);
                }
                return indexStore.open(entries, new SortedIndex.IndexKeys(name, keys, sparse));
            }

            @Override
            protected synchronized void addIndex(Document description) {
                super.addIndex(description);
                indexed(collectionOf(description)).ifPresent(StreamedCollection::fillIndexes);
            }

            private String collectionOf(Document indexDescription) {
                return indexDescription.get("ns").toString().substring(getDatabaseName().length() + 1);
            }

            private Optional<StreamedCollection> indexed(String collection) {
                return Optional.ofNullable((StreamedCollection) resolveCollection(collection, false));
            }

            /** Lets an aggregation that begins with a query read what that query can match. */
            @Override
            public Document handleCommand(
                Channel channel, String command, Document query, DatabaseResolver databases, Oplog oplog) {
                if (command.equalsIgnoreCase("aggregate") && query.get("pipeline") instanceof List<?> stages
                    && !stages.isEmpty() && stages.get(0) instanceof Document first
                    && first.get("$match") instanceof Document match) {
                    Optional<StreamedCollection> collection = indexed(query.get(command).toString());
                    if (collection.isPresent()) {
                        return collection.get().aggregating(
                            match, () -> super.handleCommand(channel, command, query, databases, oplog));
                    }
                }
                return super.handleCommand(channel, command, query, databases, oplog);
            }

            @Override
            protected void dropIndex(MongoCollection<Object> collection, String name) {
                super.dropIndex(collection, name);
                String of = collection.getCollectionName();
                store.removeMap(positionsOf(of, name));
                indexStore.drop(entriesOf(of, name));
                if (name.equals("_id_")) {
                    store.removeMap(idsOf(of));
                }
            }

            private String positionsOf(String collection, String index) {
                return getFullCollectionNamespace(collection) + "._unique_" + index;
            }

            private String entriesOf(String collection, String index) {
                return getFullCollectionNamespace(collection) + "._sorted_" + index;
            }

            private String idsOf(String collection) {
                return getFullCollectionNamespace(collection) + "._ids";
            }
        };
    }

    /** Writes a tag and the document's BSON, or a tag for an empty one; any other marks a value serialized by Java. */
    static final class DocumentType extends BasicDataType<Document> {
        /** Both are not used by ObjectDataType. */
        private static final byte EMPTY = 30;
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
            if (document.isEmpty()) {
                target.put(EMPTY);
                return;
            }
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
            if (source.get(start) == EMPTY) {
                source.position(start + 1);
                return new Document();
            }
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
}
