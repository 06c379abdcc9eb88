import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A Kafka broker of the local stack. Formats its storage before its first start, in the same JVM: a second one would
 * take as long to load Kafka's classes as to start the broker.
 *
 * <p>usage: LocalBroker SERVER.PROPERTIES DATA_FOLDER CLUSTER_ID
 */
public final class LocalBroker {

    private LocalBroker() {
    }

    public static void main(String[] args) {
        String properties = args[0];
        if (!Files.exists(Path.of(args[1], "meta.properties"))) {
            format(properties, args[2]);
        }
        MemoryReturn.start();
        kafka.Kafka.main(new String[] {properties});
    }

    private static void format(String properties, String clusterId) {
        String reason = "the tool failed";
        try {
            String[] command = {"format", "--ignore-formatted", "-t", clusterId, "-c", properties};
            if (kafka.tools.StorageTool.execute(command, System.out) == 0) {
                return;
            }
        } catch (Exception e) {
            reason = e.getMessage();
        }
        System.out.println("ERROR Kafka could not format its storage: " + reason);
        System.exit(1);
    }
}
