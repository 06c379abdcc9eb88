import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadPoolExecutor;
import org.apache.kafka.server.metrics.KafkaYammerMetrics;

/**
 * A Kafka broker of the local stack. Formats its storage before its first start, in the same JVM: a second one would
 * take as long to load Kafka's classes as to start the broker.
 *
 * <p>usage: LocalBroker SERVER.PROPERTIES DATA_FOLDER CLUSTER_ID [SCRAM_USER...], each as Kafka's format tool has them:
 * SCRAM-SHA-512=[name=alice,password=secret]
 */
public final class LocalBroker {

    private LocalBroker() {
    }

    public static void main(String[] args) {
        String properties = args[0];
        if (!Files.exists(Path.of(args[1], "meta.properties"))) {
            format(properties, args[2], Arrays.asList(args).subList(3, args.length));
        }
        MemoryReturn.start();
        stopMeters();
        RecentValues.useIn(KafkaYammerMetrics.defaultRegistry());
        kafka.Kafka.main(new String[] {properties});
    }

    /**
     * Rates over minutes remain 0: nothing reads them here, and each of some 200 meters wakes a thread every five
     * seconds. Counts and the metrics of Kafka's own registry are not affected.
     */
    private static void stopMeters() {
        // Kafka's meters get the pool of this name. Without threads its tasks wait for ever.
        Object pool = KafkaYammerMetrics.defaultRegistry().newScheduledThreadPool(2, "meter-tick");
        if (pool instanceof ThreadPoolExecutor ticks) {
            ticks.setThreadFactory(task -> null);
        }
    }

    private static void format(String properties, String clusterId, List<String> users) {
        String reason = "the tool failed";
        try {
            List<String> command = new ArrayList<>(
                List.of("format", "--ignore-formatted", "-t", clusterId, "-c", properties));
            for (String user : users) {
                command.addAll(List.of("--add-scram", user));
            }
            if (kafka.tools.StorageTool.execute(command.toArray(new String[0]), System.out) == 0) {
                return;
            }
        } catch (Exception e) {
            reason = e.getMessage();
        }
        System.out.println("ERROR Kafka could not format its storage: " + reason);
        System.exit(1);
    }
}
