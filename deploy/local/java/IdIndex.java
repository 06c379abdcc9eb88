import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.bson.BsonRegularExpression;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.DuplicateKeyError;
import java.util.List;
import org.h2.mvstore.MVMap;

/**
 * The index of _id. The map of the documents is one for strings already: a second map would cost each insert as much
 * again. Other values, such as numbers of different types that are equal, have entries of their own.
 */
final class IdIndex extends UniqueIndex {

    private static final String ID = "_id";

    private final MVMap<Object, Document> documents;
    private final boolean isFilled;

    IdIndex(
        MVMap<Object, Document> documents, MVMap<KeyValue, Object> others, String name, List<IndexKey> keys,
        boolean isFilled) {
        super(others, name, keys, false);
        this.documents = documents;
        this.isFilled = isFilled;
    }

    /** Copies the entries that are no strings: these are the last ones. */
    static void copyOthers(MVMap<KeyValue, Object> all, MVMap<KeyValue, Object> others) {
        for (KeyValue key = all.lastKey(); key != null && !(key.get(0) instanceof String); key = all.lowerKey(key)) {
            others.put(key, all.get(key));
        }
    }

    @Override
    public synchronized boolean canHandle(Document query) {
        return !BsonRegularExpression.isRegularExpression(query.get(ID)) && super.canHandle(query);
    }

    @Override
    protected Object getPosition(KeyValue key) {
        return key.get(0) instanceof String id ? positionOf(id) : super.getPosition(key);
    }

    @Override
    public Object getPosition(Document document) {
        return document.get(ID) instanceof String id ? positionOf(id) : super.getPosition(document);
    }

    private String positionOf(String id) {
        return documents.containsKey(id) ? id : null;
    }

    @Override
    public synchronized void checkAdd(Document document, MongoCollection<Object> collection) {
        if (!(document.get(ID) instanceof String id)) {
            super.checkAdd(document, collection);
        } else if (documents.containsKey(id)) {
            throw new DuplicateKeyError(this, collection, getKeys(), new KeyValue(id));
        }
    }

    @Override
    public synchronized void add(Document document, Object position, MongoCollection<Object> collection) {
        if (!(document.get(ID) instanceof String)) {
            super.add(document, position, collection);
        }
    }

    @Override
    public synchronized Object remove(Document document) {
        return document.get(ID) instanceof String id ? positionOf(id) : super.remove(document);
    }

    @Override
    public synchronized void checkUpdate(
        Document oldDocument, Document newDocument, MongoCollection<Object> collection) {
        if (!hasSameString(oldDocument, newDocument)) {
            super.checkUpdate(oldDocument, newDocument, collection);
        }
    }

    @Override
    public void updateInPlace(
        Document oldDocument, Document newDocument, Object position, MongoCollection<Object> collection) {
        if (!hasSameString(oldDocument, newDocument)) {
            super.updateInPlace(oldDocument, newDocument, position, collection);
        }
    }

    private static boolean hasSameString(Document one, Document other) {
        return one.get(ID) instanceof String id && id.equals(other.get(ID));
    }

    @Override
    public long getCount() {
        return documents.sizeAsLong();
    }

    @Override
    public boolean isEmpty() {
        return !isFilled;
    }
}
