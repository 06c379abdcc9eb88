import de.bwaldvogel.mongo.bson.BsonRegularExpression;
import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;

/**
 * The conditions of a query that an index can narrow. They can be weaker than the query, never stronger: whoever reads by
 * them matches each document against the whole query.
 */
final class Conditions {

    /**
     * The values of one field: some of them, or those between two. Bounds are inclusive, and the upper one also stands for
     * everything that begins with it.
     */
    static final class Values {
        List<Object> some;
        byte[] low;
        byte[] high;

        private void atLeast(byte[] value) {
            if (low == null || Arrays.compareUnsigned(value, low) > 0) {
                low = value;
            }
        }

        private void atMost(byte[] value) {
            if (high == null || isLower(value, high)) {
                high = value;
            }
        }

        boolean isRange() {
            return some == null && low != null;
        }
    }

    /** The position of a page in a list by a field, then by _id: whatever follows it, in one direction. */
    record Position(String field, boolean isDescending, byte[] value, byte[] valueAndId) {
    }

    private final Map<String, Values> byField = new LinkedHashMap<>();
    private final List<List<Document>> alternatives = new ArrayList<>();
    private Position position;
    private boolean hasOthers;

    Conditions(Document query) {
        add(query);
    }

    private Conditions(Conditions outer, List<Document> without, Document branch) {
        outer.byField.forEach((field, values) -> {
            Values copy = valuesOf(field);
            copy.some = values.some;
            copy.low = values.low;
            copy.high = values.high;
        });
        outer.alternatives.stream().filter(each -> each != without).forEach(alternatives::add);
        position = outer.position;
        hasOthers = outer.hasOthers;
        add(branch);
    }

    Values of(String field) {
        return byField.get(field);
    }

    /** Returns true if only documents that have a value of the field can match. */
    boolean excludeNull(String field) {
        Values values = byField.get(field);
        return values != null && (values.isRange() || values.some != null && !values.some.contains(null));
    }

    Position position() {
        return position;
    }

    List<List<Document>> alternatives() {
        return alternatives;
    }

    /** Returns these conditions and one of the alternatives. */
    Conditions with(List<Document> of, Document branch) {
        return new Conditions(this, of, branch);
    }

    /** Returns true if these fields are all that the query is about. */
    boolean areAbout(Collection<String> fields) {
        return !hasOthers && alternatives.isEmpty() && fields.containsAll(byField.keySet());
    }

    private Values valuesOf(String field) {
        return byField.computeIfAbsent(field, any -> new Values());
    }

    private void add(Document query) {
        for (Entry<String, Object> condition : query.entrySet()) {
            String field = condition.getKey();
            Object value = condition.getValue();
            if (field.equals("$and") && value instanceof List<?> all && areDocuments(all)) {
                all.forEach(each -> add((Document) each));
            } else if (field.equals("$or") && value instanceof List<?> any && areDocuments(any)) {
                addAlternatives(any.stream().map(Document.class::cast).toList());
            } else if (field.startsWith("$")) {
                hasOthers = true;
            } else {
                add(field, value);
            }
        }
    }

    private static boolean areDocuments(List<?> list) {
        return !list.isEmpty() && list.stream().allMatch(Document.class::isInstance);
    }

    private void add(String field, Object value) {
        Values values = valuesOf(field);
        if (!(value instanceof Document operators) || BsonRegularExpression.isRegularExpression(value)) {
            oneOf(values, Collections.singletonList(value));
            return;
        }
        for (Entry<String, Object> operator : operators.entrySet()) {
            Object operand = operator.getValue();
            switch (operator.getKey()) {
                case "$eq" -> oneOf(values, Collections.singletonList(operand));
                case "$in" -> oneOf(values, operand instanceof Collection<?> several ? several : null);
                case "$gt", "$gte" -> compared(values, operand, true);
                case "$lt", "$lte" -> compared(values, operand, false);
                default -> hasOthers = true;
            }
        }
    }

    private void oneOf(Values values, Collection<?> wanted) {
        if (wanted == null || !wanted.stream().allMatch(each -> KeyBytes.of(each) != null)) {
            hasOthers = true;
        } else if (values.some == null || wanted.size() < values.some.size()) {
            values.some = new ArrayList<>(wanted);
        }
    }

    private void compared(Values values, Object operand, boolean isLow) {
        byte[] bytes = operand == null ? null : KeyBytes.of(operand);
        if (bytes == null) {
            hasOthers = true;
            return;
        }
        // A comparison finds values of the same type only.
        byte[] type = {bytes[0]};
        values.atLeast(isLow ? bytes : type);
        values.atMost(isLow ? type : bytes);
    }

    private void addAlternatives(List<Document> any) {
        Position found = position == null && any.size() == 2 ? positionOf(any.get(0), any.get(1)) : null;
        if (found == null) {
            alternatives.add(any);
            return;
        }
        position = found;
        byte[] type = {found.value[0]};
        Values values = valuesOf(found.field);
        values.atLeast(found.isDescending ? type : found.value);
        values.atMost(found.isDescending ? found.value : type);
    }

    /** Recognizes { field: { $lt: v } } or { field: v, _id: { $lt: k } }; the same with $gt. */
    private static Position positionOf(Document beyond, Document same) {
        if (beyond.size() != 1 || same.size() != 2 || !(same.get("_id") instanceof Document ofId) || ofId.size() != 1) {
            return null;
        }
        String field = beyond.keySet().iterator().next();
        String operator = ofId.keySet().iterator().next();
        boolean isDescending = operator.equals("$lt");
        if (!isDescending && !operator.equals("$gt") || !same.containsKey(field) || field.equals("_id")) {
            return null;
        }
        byte[] value = KeyBytes.of(same.get(field));
        byte[] id = ofId.get(operator) instanceof String text ? KeyBytes.of(text) : null;
        boolean isSame = beyond.get(field) instanceof Document ofField && ofField.size() == 1
            && ofField.get(operator) != null
            && Arrays.equals(KeyBytes.of(ofField.get(operator)), value);
        return value == null || id == null || !isSame || same.get(field) == null
            ? null
            : new Position(field, isDescending, value, KeyBytes.concat(value, id));
    }

    /** Compares upper bounds: what begins with one is below it. */
    static boolean isLower(byte[] value, byte[] than) {
        int mismatch = Arrays.mismatch(value, than);
        if (mismatch < 0 || mismatch == value.length) {
            return false;
        }
        return mismatch == than.length || Byte.toUnsignedInt(value[mismatch]) < Byte.toUnsignedInt(than[mismatch]);
    }
}
