import de.bwaldvogel.mongo.backend.IndexKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The parts of an index that conditions select: one for each combination of the values of its first fields. If the fields
 * that follow are those of the order, the parts are merged in that order.
 */
final class IndexRanges {

    /** More different values than this between two bounds are not told apart. */
    private static final int MAX_DISTINCT = 64;

    /** The keys from one up to another, which is excluded. In a merge, the first bytes of keys are not compared. */
    private record Range(byte[] from, byte[] until, int prefixBytes) {
    }

    private final SortedIndex index;
    private final List<Range> ranges = new ArrayList<>();
    private final Set<String> fields = new HashSet<>();
    private boolean isOrdered;
    private boolean isReverse;
    private boolean isMerged;
    private boolean isDistinct = true;

    private IndexRanges(SortedIndex index) {
        this.index = index;
    }

    /** Returns null if the index says nothing about the conditions, and has not the order. */
    static IndexRanges of(SortedIndex index, Conditions conditions, List<IndexKey> order, int maxRanges) {
        IndexRanges ranges = new IndexRanges(index);
        return index.hasAllOf(conditions) && ranges.select(conditions, order, maxRanges) ? ranges : null;
    }

    /** Returns the fields whose conditions these ranges fulfil. */
    Set<String> fields() {
        return fields;
    }

    boolean isOrdered() {
        return isOrdered;
    }

    long count() {
        return ranges.stream().mapToLong(range -> index.count(range.from, range.until)).sum();
    }

    /** Returns the ids of the documents. */
    Stream<String> ids() {
        Stream<byte[]> keys = isMerged && ranges.size() > 1
            ? streamOf(new Merge())
            : ranges.size() == 1
                ? streamOf(keysOf(ranges.get(0)))
                : ranges.stream().flatMap(range -> streamOf(keysOf(range)));
        // A document is found by each string of a list.
        return isDistinct ? keys.map(index::idOf) : keys.map(index::idOf).distinct();
    }

    /** Returns the id of one document for each value of the first field, and those of all without a value. */
    static Stream<String> idsOfValues(SortedIndex index) {
        boolean isAscending = index.fields().get(0).isAscending();
        List<byte[]> keys = new ArrayList<>();
        byte[] next = index.entries().ceilingKey(index.sortedStart());
        while (next != null && next[0] == index.sortedStart()[0]) {
            keys.add(next);
            boolean isNull = KeyBytes.isNull(next, 1, isAscending);
            int end = KeyBytes.endOf(next, 1, isAscending);
            next = isNull ? index.entries().higherKey(next) : index.entries().ceilingKey(KeyBytes.behind(Arrays.copyOf(next, end)));
        }
        return keys.stream().map(index::idOf);
    }

    private boolean select(Conditions conditions, List<IndexKey> order, int maxRanges) {
        List<IndexKey> keys = index.fields();
        List<byte[]> prefixes = List.of(index.sortedStart());
        List<IndexKey> openOrder = new ArrayList<>(order);
        int at = 0;
        for (; at < keys.size(); at++) {
            IndexKey key = keys.get(at);
            Conditions.Values values = conditions.of(key.getKey());
            if (values == null || values.some == null || values.some.size() * prefixes.size() > maxRanges) {
                break;
            }
            prefixes = withValues(prefixes, values.some, key);
            fields.add(key.getKey());
            if (values.some.size() < 2) {
                openOrder.removeIf(each -> each.getKey().equals(key.getKey()));
            }
            if (index.isHashed() && prefixes.stream().anyMatch(prefix -> prefix[0] != index.sortedStart()[0])) {
                isOrdered = openOrder.isEmpty();
                isDistinct = false;
                prefixes.forEach(prefix -> ranges.add(new Range(prefix, KeyBytes.behind(prefix), prefix.length)));
                return true;
            }
        }
        return narrow(at, prefixes, conditions, openOrder);
    }

    private boolean narrow(int start, List<byte[]> selected, Conditions conditions, List<IndexKey> order) {
        List<IndexKey> keys = index.fields();
        List<byte[]> prefixes = selected;
        int at = start;
        Conditions.Values values = at < keys.size() ? rangeOf(conditions, keys.get(at)) : null;
        if (at == 0 && index.hasHashed() && (values == null || values.low[0] == KeyBytes.STRING)) {
            return false;
        }
        boolean isBefore = values != null && !order.isEmpty() && at + 1 < keys.size()
            && !isFor(order.get(0), keys.get(at)) && isFor(order.get(0), keys.get(at + 1));
        List<byte[]> distinct = isBefore ? distinctValues(prefixes, keys.get(at), values) : null;
        if (distinct != null) {
            prefixes = distinct;
            fields.add(keys.get(at).getKey());
            at += 1;
            values = rangeOf(conditions, keys.get(at));
        }
        isOrdered = hasOrder(at, order);
        isMerged = isOrdered && !order.isEmpty();
        if (values == null) {
            prefixes.forEach(prefix -> ranges.add(new Range(prefix, KeyBytes.behind(prefix), prefix.length)));
            return !fields.isEmpty() || isOrdered && !order.isEmpty();
        }
        IndexKey key = keys.get(at);
        fields.add(key.getKey());
        byte[][] bounds = boundsOf(at, values, conditions.position());
        for (byte[] prefix : prefixes) {
            Range range = between(prefix, bounds[0], bounds[1], key.isAscending());
            if (Arrays.compareUnsigned(range.from, range.until) < 0) {
                ranges.add(range);
            }
        }
        return true;
    }

    private static Conditions.Values rangeOf(Conditions conditions, IndexKey key) {
        Conditions.Values values = conditions.of(key.getKey());
        return values != null && values.isRange() ? values : null;
    }

    private static boolean isFor(IndexKey one, IndexKey other) {
        return one.getKey().equals(other.getKey());
    }

    private List<byte[]> withValues(List<byte[]> prefixes, Collection<Object> values, IndexKey key) {
        TreeSet<byte[]> extended = new TreeSet<>(Arrays::compareUnsigned);
        for (byte[] prefix : prefixes) {
            for (Object value : values) {
                if (index.isHashed() && value instanceof String text && prefix.length == 1) {
                    extended.addAll(index.hashedStarts(text));
                } else {
                    KeyBytes more = new KeyBytes().raw(prefix);
                    more.value(value, key.isAscending());
                    extended.add(more.toBytes());
                }
            }
        }
        return new ArrayList<>(extended);
    }

    /** Returns the prefixes with each value that occurs between the bounds, or null if there are too many. */
    private List<byte[]> distinctValues(List<byte[]> prefixes, IndexKey key, Conditions.Values values) {
        List<byte[]> distinct = new ArrayList<>();
        for (byte[] prefix : prefixes) {
            Range range = between(prefix, values.low, values.high, key.isAscending());
            byte[] next = index.entries().ceilingKey(range.from);
            while (next != null && Arrays.compareUnsigned(next, range.until) < 0) {
                if (distinct.size() == MAX_DISTINCT) {
                    return null;
                }
                byte[] value = Arrays.copyOf(next, KeyBytes.endOf(next, prefix.length, key.isAscending()));
                distinct.add(value);
                next = index.entries().ceilingKey(KeyBytes.behind(value));
            }
        }
        return distinct;
    }

    /** Returns the bounds of a field; behind a position also those of the _id. */
    private byte[][] boundsOf(int at, Conditions.Values values, Conditions.Position position) {
        byte[] low = values.low;
        byte[] high = values.high;
        List<IndexKey> keys = index.fields();
        boolean isPosition = position != null && position.field().equals(keys.get(at).getKey())
            && at + 1 < keys.size() && keys.get(at + 1).getKey().equals("_id")
            && keys.get(at + 1).isAscending() == keys.get(at).isAscending();
        if (isPosition && position.isDescending() && Conditions.isLower(position.valueAndId(), high)) {
            high = position.valueAndId();
        }
        if (isPosition && !position.isDescending() && Arrays.compareUnsigned(position.valueAndId(), low) > 0) {
            low = position.valueAndId();
        }
        return new byte[][] {low, high};
    }

    private static Range between(byte[] prefix, byte[] low, byte[] high, boolean isAscending) {
        byte[] first = isAscending ? low : KeyBytes.inverted(high);
        byte[] last = isAscending ? high : KeyBytes.inverted(low);
        return new Range(
            KeyBytes.concat(prefix, first), KeyBytes.behind(KeyBytes.concat(prefix, last)), prefix.length);
    }

    /** Returns true if the fields from a place on are those of the order, all in its direction or all against it. */
    private boolean hasOrder(int start, List<IndexKey> order) {
        List<IndexKey> keys = index.fields();
        for (int i = 0; i < order.size(); i++) {
            int at = start + i;
            if (at >= keys.size()) {
                // Behind the _id everything is in order.
                return true;
            }
            boolean isAgainst = order.get(i).isAscending() != keys.get(at).isAscending();
            if (!isFor(order.get(i), keys.get(at)) || i > 0 && isAgainst != isReverse) {
                return false;
            }
            isReverse = isAgainst;
        }
        return true;
    }

    private Iterator<byte[]> keysOf(Range range) {
        var cursor = isReverse
            ? index.entries().cursor(range.until, range.from, true)
            : index.entries().cursor(range.from, range.until, false);
        return cursor;
    }

    static <T> Stream<T> streamOf(Iterator<T> iterator) {
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator, Spliterator.ORDERED), false);
    }

    /** The next key of a range, and the rest. */
    private record Head(byte[] key, int prefixBytes, Iterator<byte[]> rest) {
    }

    /** All ranges in the order of the fields behind their prefixes. */
    private final class Merge implements Iterator<byte[]> {
        private final PriorityQueue<Head> heads;

        Merge() {
            Comparator<Head> order = (left, right) -> Arrays.compareUnsigned(
                left.key, left.prefixBytes, left.key.length, right.key, right.prefixBytes, right.key.length);
            heads = new PriorityQueue<>(isReverse ? order.reversed() : order);
            ranges.forEach(range -> advance(range.prefixBytes, keysOf(range)));
        }

        private void advance(int prefixBytes, Iterator<byte[]> keys) {
            if (keys.hasNext()) {
                heads.add(new Head(keys.next(), prefixBytes, keys));
            }
        }

        @Override
        public boolean hasNext() {
            return !heads.isEmpty();
        }

        @Override
        public byte[] next() {
            Head head = heads.remove();
            advance(head.prefixBytes, head.rest);
            return head.key;
        }
    }
}
