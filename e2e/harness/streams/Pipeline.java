import java.util.Arrays;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Repartitioned;

/**
 * A Streams application of two subtopologies without state: some topics, merged and written to a repartition topic; and
 * what reads that. Runs until its standard input ends, then leaves its group.
 *
 * <pre>Pipeline BOOTSTRAP APPLICATION-ID PROTOCOL STATE-FOLDER REPARTITIONS TOPIC…</pre>
 *
 * where PROTOCOL is streams or classic.
 */
public class Pipeline {
  public static void main(String[] words) throws Exception {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, words[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, words[1]);
    settings.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, words[2]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, words[3]);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 200);
    settings.put("auto.offset.reset", "earliest");
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(Arrays.asList(words).subList(5, words.length), Consumed.with(Serdes.Bytes(), Serdes.Bytes()))
        .repartition(Repartitioned.with(Serdes.Bytes(), Serdes.Bytes())
                .withName("again")
                .withNumberOfPartitions(Integer.parseInt(words[4])))
        .foreach((key, value) -> {});
    try (KafkaStreams streams = new KafkaStreams(builder.build(), settings)) {
      streams.start();
      while (System.in.read() >= 0) {
      }
    }
  }
}
