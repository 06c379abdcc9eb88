import de.bwaldvogel.mongo.backend.AbstractUniqueIndex;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.bson.Document;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map.Entry;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;
import org.h2.mvstore.type.ObjectDataType;

/** A unique index in a map of its keys. */
class UniqueIndex extends AbstractUniqueIndex<Object> {
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

    /** Sorts strings first, in their own order; all other values as ObjectDataType does. */
    static final class KeyType extends BasicDataType<KeyValue> {
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
