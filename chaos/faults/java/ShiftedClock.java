import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A Java agent for the brokers and the embedded MongoDB of a chaos run: the file that is named like the pid, in the folder of the
 * argument, has the milliseconds by which the wall clock of the program is wrong. No file: not at all. Monotonic time is right, and so
 * is the clock of the JVM itself.
 *
 * <p>In every class of the program, references to the methods of the JDK that read the wall clock become references to those of this
 * class, by a change of the constant pool (Java Virtual Machine Specification, 4.4).
 */
public final class ShiftedClock implements ClassFileTransformer {
  private static final long READ_EVERY_MS = 200;
  private static volatile long stepMs = 0;

  private ShiftedClock() {}

  public static long currentTimeMillis() {
    return System.currentTimeMillis() + stepMs;
  }

  public static Instant now() {
    return Instant.now().plusMillis(stepMs);
  }

  public static void premain(String folder, Instrumentation instrumentation) {
    Path file = Path.of(folder, String.valueOf(ProcessHandle.current().pid()));
    Thread reader = new Thread(() -> readForEver(file), "shifted-clock");
    reader.setDaemon(true);
    reader.start();
    instrumentation.addTransformer(new ShiftedClock());
  }

  private static void readForEver(Path file) {
    while (true) {
      try {
        stepMs = Files.exists(file) ? Long.parseLong(Files.readString(file).trim()) : 0;
      } catch (IOException | NumberFormatException e) {
        // It has been removed meanwhile, or is being written.
        stepMs = 0;
      }
      try {
        Thread.sleep(READ_EVERY_MS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  @Override
  public byte[] transform(
      ClassLoader loader, String name, Class<?> redefined, ProtectionDomain domain, byte[] classFile) {
    // Classes of the JDK do not see this one.
    if (loader != ClassLoader.getSystemClassLoader()) return null;
    try {
      return redirected(classFile);
    } catch (IOException | RuntimeException e) {
      // The JVM says nothing of what a transformer throws.
      System.err.println("shifted-clock: " + name + " keeps the real clock: " + e);
      return null;
    }
  }


  /** Returns the class file with this class in place of the clocks of the JDK; null if it reads none. */
  private static byte[] redirected(byte[] classFile) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(classFile));
    in.skipBytes(8);
    int count = in.readUnsignedShort();
    Map<Integer, String> texts = new HashMap<>();
    Map<Integer, Integer> classes = new HashMap<>();
    Map<Integer, int[]> descriptions = new HashMap<>();
    List<int[]> methods = new ArrayList<>();
    for (int index = 1; index < count; index++) {
      int offset = classFile.length - in.available();
      int tag = in.readUnsignedByte();
      switch (tag) {
        case 1 -> texts.put(index, in.readUTF());
        case 7 -> classes.put(index, in.readUnsignedShort());
        case 12 -> descriptions.put(index, new int[] {in.readUnsignedShort(), in.readUnsignedShort()});
        case 10 -> methods.add(new int[] {offset, in.readUnsignedShort(), in.readUnsignedShort()});
        case 8, 16, 19, 20 -> in.skipBytes(2);
        case 15 -> in.skipBytes(3);
        case 3, 4, 9, 11, 17, 18 -> in.skipBytes(4);
        case 5, 6 -> {
          in.skipBytes(8);
          index++;
        }
        default -> throw new IOException("constant " + index + " has the tag " + tag);
      }
    }
    int end = classFile.length - in.available();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.write(classFile, 0, end);
    out.writeByte(1);
    out.writeUTF(ShiftedClock.class.getName());
    out.writeByte(7);
    out.writeShort(count);
    out.write(classFile, end, classFile.length - end);
    byte[] changed = bytes.toByteArray();
    boolean readsClock = false;
    for (int[] method : methods) {
      int[] description = descriptions.get(method[2]);
      String called =
          texts.get(classes.get(method[1])) + "." + texts.get(description[0]) + texts.get(description[1]);
      if (!called.equals("java/lang/System.currentTimeMillis()J")
          && !called.equals("java/time/Instant.now()Ljava/time/Instant;")) continue;
      readsClock = true;
      putShort(changed, method[0] + 1, count + 1);
    }
    putShort(changed, 8, count + 2);
    return readsClock ? changed : null;
  }

  private static void putShort(byte[] bytes, int offset, int value) {
    bytes[offset] = (byte) (value >> 8);
    bytes[offset + 1] = (byte) value;
  }
}
