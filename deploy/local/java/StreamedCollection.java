import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.DocumentWithPosition;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.backend.ValueComparator;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.bson.Document;
import java.util.Collection;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.h2.mvstore.MVMap;

/**
 * A collection that reads its documents one by one where that suffices. By default a page of a list, a distinct and an
 * aggregation each load every document into memory first: some 200,000 of them fill the heap.
 */
final class StreamedCollection extends H2Collection {

    StreamedCollection(
        MongoDatabase database, String name, CollectionOptions options, MVMap<Object, Document> documents,
        MVMap<String, Object> meta, CursorRegistry cursors) {
        super(database, name, options, documents, meta, cursors);
    }

    /** Keeps only as many documents of a sorted list as the page shows. */
    @Override
    protected QueryResult matchDocumentsFromStream(
        Document query, Stream<Document> documents, int skip, int limit, int batchSize,
        Comparator<Document> order, Document fields) {
        if (order == null || limit <= 0) {
            return super.matchDocumentsFromStream(query, documents, skip, limit, batchSize, order, fields);
        }
        int shown = skip + limit;
        PriorityQueue<Document> lastFirst = new PriorityQueue<>(order.reversed());
        documents.filter(document -> documentMatchesQuery(document, query)).forEach(document -> {
            lastFirst.add(document);
            if (lastFirst.size() > shown) {
                lastFirst.remove();
            }
        });
        return super.matchDocumentsFromStream(query, lastFirst.stream(), skip, limit, batchSize, order, fields);
    }

    /** Returns the documents that aggregations start with. */
    @Override
    public Stream<Document> queryAllAsStream() {
        return streamAllDocumentsWithPosition().map(DocumentWithPosition::getDocument);
    }

    @Override
    public synchronized Document handleDistinct(Document command) {
        String field = (String) command.get("key");
        Document query = (Document) command.getOrDefault("query", new Document());
        Set<Object> found = new TreeSet<>(ValueComparator.ascWithoutListHandling());
        queryAllAsStream().filter(document -> documentMatchesQuery(document, query)).forEach(document -> {
            Object value = Utils.getSubdocumentValueCollectionAware(document, field);
            if (value instanceof Collection<?> several) {
                found.addAll(several);
            } else if (!(value instanceof Missing)) {
                found.add(value);
            }
        });
        Document answer = new Document("values", found);
        Utils.markOkay(answer);
        return answer;
    }
}
