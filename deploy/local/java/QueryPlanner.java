import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.h2.mvstore.MVMap;

/**
 * Chooses how the documents of a query are found: through one secondary index, by _id, or by both for alternatives.
 *
 * <p>The number of entries between two keys is known without reading them, so the way with the fewest documents is chosen.
 */
final class QueryPlanner {

    /** More values than this are not read one by one. */
    private static final int MAX_RANGES = 1_024;
    private static final int MAX_ALTERNATIVES = 1_024;
    private static final int MAX_DEPTH = 3;

    /** Ids of documents, a superset of the answer; `isOrdered`: in the order of the query. `cost`: documents to read. */
    record Plan(Supplier<Stream<?>> ids, long cost, boolean isOrdered) {
    }

    private final MVMap<Object, Document> documents;
    private final List<SortedIndex> indexes;

    QueryPlanner(MVMap<Object, Document> documents, Collection<SortedIndex> indexes) {
        this.documents = documents;
        this.indexes = indexes.stream().filter(SortedIndex::isUsable).toList();
    }

    /** Returns null if nothing is better than reading the whole collection. `wanted`: 0 for all. */
    Plan plan(Document query, Document orderBy, int wanted) {
        List<IndexKey> order = new ArrayList<>();
        if (orderBy != null) {
            orderBy.forEach((field, way) -> order.add(new IndexKey(field, ((Number) way).intValue() > 0)));
        }
        Plan best = best(new Conditions(query), order, wanted, 0);
        boolean isWorthwhile = best != null && (best.isOrdered && !order.isEmpty() || best.cost < documents.sizeAsLong() / 2);
        return isWorthwhile ? best : null;
    }

    private Plan best(Conditions conditions, List<IndexKey> order, int wanted, int depth) {
        Plan best = byId(conditions, order, wanted);
        for (SortedIndex index : indexes) {
            best = better(best, through(index, conditions, order, wanted));
        }
        for (List<Document> alternatives : conditions.alternatives()) {
            if (alternatives.size() <= MAX_ALTERNATIVES && depth < MAX_DEPTH) {
                best = better(best, union(conditions, alternatives, order, depth));
            }
        }
        return best;
    }

    private static Plan better(Plan first, Plan second) {
        if (first == null || second == null) {
            return first == null ? second : first;
        }
        boolean isSecond = second.cost < first.cost || second.cost == first.cost && second.isOrdered && !first.isOrdered;
        return isSecond ? second : first;
    }

    private Plan union(Conditions conditions, List<Document> alternatives, List<IndexKey> order, int depth) {
        List<Plan> plans = new ArrayList<>();
        long cost = 0;
        for (Document alternative : alternatives) {
            Plan plan = best(conditions.with(alternatives, alternative), List.of(), 0, depth + 1);
            if (plan == null) {
                return null;
            }
            plans.add(plan);
            cost += plan.cost;
        }
        Supplier<Stream<?>> ids = () -> plans.stream().flatMap(plan -> plan.ids.get()).filter(new HashSet<>()::add);
        return new Plan(ids, cost, order.isEmpty());
    }

    /** The map of the documents is an index of _id: strings are in their order there. */
    private Plan byId(Conditions conditions, List<IndexKey> order, int wanted) {
        Conditions.Values values = conditions.of("_id");
        if (values == null || values.some == null && !values.isRange()) {
            return null;
        }
        boolean isOrdered = order.isEmpty() || order.get(0).getKey().equals("_id");
        boolean isReverse = isOrdered && !order.isEmpty() && !order.get(0).isAscending();
        if (values.some != null) {
            if (!values.some.stream().allMatch(String.class::isInstance)) {
                return null;
            }
            TreeSet<Object> ids = new TreeSet<>(values.some);
            return new Plan((isReverse ? ids.descendingSet() : ids)::stream, ids.size(), isOrdered);
        }
        if (values.low[0] != KeyBytes.STRING) {
            return null;
        }
        String low = values.low.length == 1 ? "" : KeyBytes.stringAt(values.low, 0, true);
        String high = values.high.length == 1 ? null : KeyBytes.stringAt(values.high, 0, true);
        long entries = Math.max(0, (high == null ? documents.sizeAsLong() : rank(high) + 1) - rank(low));
        Supplier<Stream<?>> ids = () -> IndexRanges
            .streamOf(isReverse ? documents.cursor(high, low, true) : documents.cursor(low, high, false))
            .filter(String.class::isInstance);
        boolean isExact = conditions.areAbout(Set.of("_id"));
        return new Plan(ids, isOrdered && isExact && wanted > 0 ? Math.min(wanted, entries) : entries, isOrdered);
    }

    private long rank(String id) {
        long index = documents.getKeyIndex(id);
        return index < 0 ? -index - 1 : index;
    }

    private static Plan through(SortedIndex index, Conditions conditions, List<IndexKey> order, int wanted) {
        IndexRanges ranges = IndexRanges.of(index, conditions, order, MAX_RANGES);
        if (ranges == null) {
            return null;
        }
        long entries = ranges.count();
        boolean isExact = conditions.areAbout(ranges.fields());
        long cost = ranges.isOrdered() && isExact && wanted > 0 ? Math.min(wanted, entries) : entries;
        return new Plan(ranges::ids, cost, ranges.isOrdered());
    }
}
