/**
 * A Kafka broker of the local stack.
 *
 * <p>usage: LocalBroker SERVER.PROPERTIES
 */
public final class LocalBroker {

    private LocalBroker() {
    }

    public static void main(String[] args) {
        MemoryReturn.start();
        kafka.Kafka.main(args);
    }
}
