import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.DocumentWithPosition;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.backend.ValueComparator;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.bson.Document;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.h2.mvstore.MVMap;

/**
 * A collection that reads by its indexes, and one document after the other. By default a page of a list, a distinct and an
 * aggregation each load every document into memory first: some 200,000 of them fill the heap.
 */
final class StreamedCollection extends H2Collection {

    /** The query of an aggregation that is about to read this collection: its stages read all documents otherwise. */
    private record Start(StreamedCollection collection, Document query) {
    }

    private static final ThreadLocal<Start> AGGREGATION = new ThreadLocal<>();

    private final MVMap<Object, Document> documents;
    private final IndexStore indexStore;
    private volatile List<SortedIndex> sortedIndexes = List.of();

    StreamedCollection(
        MongoDatabase database, String name, CollectionOptions options, MVMap<Object, Document> documents,
        MVMap<String, Object> meta, CursorRegistry cursors, IndexStore indexStore) {
        super(database, name, options, documents, meta, cursors);
        this.documents = documents;
        this.indexStore = indexStore;
    }

    /** Nothing reads the size, and knowing it means to encode each document once more. */
    @Override
    protected boolean tracksDataSize() {
        return false;
    }

    /** Fills new indexes. Queries use an index after that only. */
    synchronized void fillIndexes() {
        sortedIndexes.stream().filter(index -> !index.isFilled()).forEach(index -> index.fill(everything()));
    }

    /** Restores what was not saved of the indexes before a kill. */
    synchronized void restoreIndexes() {
        List<SortedIndex> filled = sortedIndexes.stream().filter(SortedIndex::isFilled).toList();
        if (!filled.isEmpty()) {
            indexStore.forEachChanged(getFullName(), (id, before) ->
                filled.forEach(index -> index.restore(before, documents.get(id), indexStore.isAhead())));
        }
    }

    @Override
    protected Object addDocumentInternal(Document document) {
        isChanging(document.get("_id"), new Document());
        return super.addDocumentInternal(document);
    }

    @Override
    public synchronized void removeDocument(Document document) {
        isChanging(document.get("_id"), document);
        super.removeDocument(document);
    }

    @Override
    protected void handleUpdate(Object position, Document oldDocument, Document newDocument) {
        if (sortedIndexes.stream().anyMatch(index -> index.differs(oldDocument, newDocument))) {
            isChanging(position, oldDocument);
        }
        super.handleUpdate(position, oldDocument, newDocument);
    }

    private void isChanging(Object id, Document before) {
        if (sortedIndexes.isEmpty() || !(id instanceof String text)) {
            return;
        }
        Document indexed = new Document();
        for (SortedIndex index : before.isEmpty() ? List.<SortedIndex>of() : sortedIndexes) {
            for (IndexKey field : index.fields()) {
                String root = field.getKey().split("\\.", 2)[0];
                if (before.containsKey(root)) {
                    indexed.put(root, before.get(root));
                }
            }
        }
        indexStore.isChanging(getFullName(), text, indexed);
    }

    /** Returns the documents that a query can match, or null if that would be nearly all of them. */
    private Found find(Document query, Document orderBy, int wanted) {
        boolean isNatural = orderBy != null && orderBy.containsKey("$natural");
        QueryPlanner.Plan plan = query == null || isNatural ? null : planner().plan(query, orderBy, wanted);
        if (plan == null) {
            return null;
        }
        // An aggregation does not lock the collection: a document can be gone.
        Stream<Document> found = plan.ids().get().map(documents::get).filter(Objects::nonNull);
        return new Found(found, plan.isOrdered());
    }

    private record Found(Stream<Document> documents, boolean isOrdered) {
    }

    private QueryPlanner planner() {
        return new QueryPlanner(documents, sortedIndexes);
    }

    @Override
    public synchronized void addIndex(Index<Object> index) {
        super.addIndex(index);
        findSortedIndexes();
    }

    @Override
    public synchronized void dropIndex(String name) {
        super.dropIndex(name);
        findSortedIndexes();
    }

    private void findSortedIndexes() {
        sortedIndexes = getIndexes().stream()
            .filter(SortedIndex.class::isInstance).map(SortedIndex.class::cast).toList();
    }

    @Override
    protected QueryResult queryDocuments(
        Document query, Document orderBy, int skip, int limit, int batchSize, Document fields) {
        for (Index<Object> index : getIndexes()) {
            if (index.canHandle(query)) {
                return matchDocuments(query, index.getPositions(query), orderBy, skip, limit, batchSize, fields);
            }
        }
        Found found = find(query, orderBy, limit > 0 ? Math.max(skip, 0) + limit : 0);
        return found == null
            ? matchDocuments(query, orderBy, skip, limit, batchSize, fields)
            : matchDocumentsFromStream(
                query, found.documents, skip, limit, batchSize, found.isOrdered ? null : deriveComparator(orderBy), fields);
    }

    /** Runs an aggregation whose first stage is this query, or null. */
    <T> T aggregating(Document query, Supplier<T> aggregation) {
        AGGREGATION.set(new Start(this, query));
        try {
            return aggregation.get();
        } finally {
            AGGREGATION.remove();
        }
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
        Start start = AGGREGATION.get();
        AGGREGATION.remove();
        return start != null && start.collection == this ? candidates(start.query) : everything();
    }

    private Stream<Document> candidates(Document query) {
        Found found = find(query, null, 0);
        return found == null ? everything() : found.documents;
    }

    private Stream<Document> everything() {
        return streamAllDocumentsWithPosition().map(DocumentWithPosition::getDocument);
    }

    @Override
    public synchronized Document handleDistinct(Document command) {
        String field = (String) command.get("key");
        Document query = (Document) command.getOrDefault("query", new Document());
        Set<Object> found = new TreeSet<>(ValueComparator.ascWithoutListHandling());
        documentsWithValues(field, query).filter(document -> documentMatchesQuery(document, query)).forEach(document -> {
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

    /** Returns documents with all values of a field that those of a query have: without a query one for each value. */
    private Stream<Document> documentsWithValues(String field, Document query) {
        return (query.isEmpty() ? sortedIndexes : List.<SortedIndex>of()).stream()
            .filter(index -> index.isUsable() && index.startsWith(field))
            .findFirst()
            .map(index -> IndexRanges.idsOfValues(index).map(documents::get))
            .orElseGet(() -> candidates(query));
    }
}
