import java.nio.ByteBuffer;
import java.util.*;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.*;
import org.apache.kafka.common.protocol.*;
import org.apache.kafka.common.requests.*;
/**
 * Writes golden.txt with Kafka's own classes, as an independent check of our encoding:
 *
 * <pre>java -cp 'JARS/*' GoldenBytes.java &gt; golden.txt</pre>
 *
 * where JARS holds kafka-clients 4.3.1 and slf4j-api, as `jars` of the testbed's part kafka-jars does. A line is a
 * message's name, its version and the whole frame in hexadecimal digits; codec_golden_test.cpp says the same messages
 * again.
 */
public class GoldenBytes {
  static void req(String name, ApiMessage m, short v) {
    ApiKeys k = ApiKeys.forId(m.apiKey());
    RequestHeader h = new RequestHeader(k, v, "penstock", 77);
    ObjectSerializationCache c = new ObjectSerializationCache();
    var hd = h.data();
    short hv = k.requestHeaderVersion(v);
    int size = hd.size(c, hv) + m.size(c, v);
    ByteBuffer b = ByteBuffer.allocate(size + 4);
    b.putInt(size);
    var w = new ByteBufferAccessor(b);
    hd.write(w, c, hv);
    m.write(w, c, v);
    out(name, v, b);
  }
  static void res(String name, ApiMessage m, short v) {
    ApiKeys k = ApiKeys.forId(m.apiKey());
    var hd = new ResponseHeaderData().setCorrelationId(77);
    short hv = k.responseHeaderVersion(v);
    ObjectSerializationCache c = new ObjectSerializationCache();
    int size = hd.size(c, hv) + m.size(c, v);
    ByteBuffer b = ByteBuffer.allocate(size + 4);
    b.putInt(size);
    var w = new ByteBufferAccessor(b);
    hd.write(w, c, hv);
    m.write(w, c, v);
    out(name, v, b);
  }
  static void out(String n, int v, ByteBuffer b) {
    StringBuilder s = new StringBuilder();
    for (byte x : b.array()) s.append(String.format("%02x", x));
    System.out.println(n + " " + v + " " + s);
  }
  static final Uuid ID = new Uuid(0x0102030405060708L, 0x090a0b0c0d0e0f10L);
  public static void main(String[] a) {
    for (short v : new short[] {0, 2, 3, 4})
      req("ApiVersionsRequest",
          v < 3 ? new ApiVersionsRequestData()
                : new ApiVersionsRequestData().setClientSoftwareName("penstock").setClientSoftwareVersion("0.1.0"),
          v);
    req("SaslHandshakeRequest", new SaslHandshakeRequestData().setMechanism("SCRAM-SHA-256"), (short) 1);
    for (short v = 0; v <= 2; v++)
      req("SaslAuthenticateRequest", new SaslAuthenticateRequestData().setAuthBytes(new byte[] {0, 'u', 0, 'p'}), v);
    for (short v : new short[] {9, 12, 13}) {
      var m = new MetadataRequestData().setAllowAutoTopicCreation(false);
      var t = new ArrayList<MetadataRequestData.MetadataRequestTopic>();
      t.add(new MetadataRequestData.MetadataRequestTopic().setName("orders"));
      if (v >= 12)
        t.add(new MetadataRequestData.MetadataRequestTopic().setName(null).setTopicId(ID));
      req("MetadataRequest", m.setTopics(t), v);
    }
    req("MetadataRequest.all", new MetadataRequestData().setTopics(null).setAllowAutoTopicCreation(false), (short) 12);
    req("FindCoordinatorRequest", new FindCoordinatorRequestData().setKey("g1"), (short) 3);
    for (short v = 4; v <= 6; v++)
      req("FindCoordinatorRequest", new FindCoordinatorRequestData().setCoordinatorKeys(List.of("g1", "g2")), v);
    for (short v : new short[] {5, 6, 7, 10, 11}) {
      var m = new ListOffsetsRequestData().setReplicaId(-1).setIsolationLevel((byte) 1);
      var t = new ListOffsetsRequestData.ListOffsetsTopic().setName("orders").setPartitions(
          List.of(new ListOffsetsRequestData.ListOffsetsPartition().setPartitionIndex(0).setTimestamp(-1),
              new ListOffsetsRequestData.ListOffsetsPartition()
                  .setPartitionIndex(300)
                  .setCurrentLeaderEpoch(7)
                  .setTimestamp(1700000000123L)));
      if (v >= 10)
        m.setTimeoutMs(1500);
      req("ListOffsetsRequest", m.setTopics(List.of(t)), v);
    }
    for (short v : new short[] {6, 7})
      req("OffsetFetchRequest",
          new OffsetFetchRequestData().setGroupId("g1").setTopics(
              List.of(new OffsetFetchRequestData.OffsetFetchRequestTopic().setName("orders").setPartitionIndexes(
                  List.of(0, 1)))),
          v);
    req("OffsetFetchRequest.all", new OffsetFetchRequestData().setGroupId("g1").setTopics(null), (short) 7);
    for (short v : new short[] {8, 9})
      req("OffsetFetchRequest",
          new OffsetFetchRequestData().setGroups(
              List.of(new OffsetFetchRequestData.OffsetFetchRequestGroup().setGroupId("g1").setTopics(List.of(
                          new OffsetFetchRequestData.OffsetFetchRequestTopics().setName("orders").setPartitionIndexes(
                              List.of(0, 1)))),
                  new OffsetFetchRequestData.OffsetFetchRequestGroup().setGroupId("g2").setTopics(null))),
          v);
    for (short v = 3; v <= 5; v++) {
      var m = new ListGroupsRequestData();
      if (v >= 4)
        m.setStatesFilter(List.of("Stable"));
      if (v >= 5)
        m.setTypesFilter(List.of("consumer", "share"));
      req("ListGroupsRequest", m, v);
    }
    for (short v = 5; v <= 6; v++)
      req("DescribeGroupsRequest", new DescribeGroupsRequestData().setGroups(List.of("g1", "g2")), v);
    for (short v = 0; v <= 1; v++)
      req("ConsumerGroupDescribeRequest", new ConsumerGroupDescribeRequestData().setGroupIds(List.of("g1")), v);
    req("ShareGroupDescribeRequest", new ShareGroupDescribeRequestData().setGroupIds(List.of("g1")), (short) 1);
    req("StreamsGroupDescribeRequest", new StreamsGroupDescribeRequestData().setGroupIds(List.of("g1")), (short) 0);
    for (short v = 0; v <= 1; v++)
      req("DescribeShareGroupOffsetsRequest",
          new DescribeShareGroupOffsetsRequestData().setGroups(List.of(
              new DescribeShareGroupOffsetsRequestData.DescribeShareGroupOffsetsRequestGroup()
                  .setGroupId("g1")
                  .setTopics(null),
              new DescribeShareGroupOffsetsRequestData.DescribeShareGroupOffsetsRequestGroup()
                  .setGroupId("g2")
                  .setTopics(List.of(new DescribeShareGroupOffsetsRequestData.DescribeShareGroupOffsetsRequestTopic()
                          .setTopicName("orders")
                          .setPartitions(List.of(3)))))),
          v);
    res("SaslHandshakeResponse",
        new SaslHandshakeResponseData().setErrorCode((short) 33).setMechanisms(List.of("SCRAM-SHA-256", "PLAIN")),
        (short) 1);
    res("FindCoordinatorResponse",
        new FindCoordinatorResponseData()
            .setThrottleTimeMs(5)
            .setErrorCode((short) 15)
            .setErrorMessage("not yet")
            .setNodeId(2)
            .setHost("b2")
            .setPort(9092),
        (short) 3);
    for (short v = 4; v <= 6; v++)
      res("FindCoordinatorResponse",
          new FindCoordinatorResponseData().setThrottleTimeMs(5).setCoordinators(List.of(
              new FindCoordinatorResponseData.Coordinator().setKey("g1").setNodeId(2).setHost("b2").setPort(9092),
              new FindCoordinatorResponseData.Coordinator()
                  .setKey("g2")
                  .setNodeId(-1)
                  .setHost("")
                  .setPort(-1)
                  .setErrorCode((short) 15)
                  .setErrorMessage("not yet"))),
          v);
    for (short v = 3; v <= 5; v++) {
      var one = new ListGroupsResponseData.GroupEntry().setGroupId("g1").setProtocolType("consumer");
      var other = new ListGroupsResponseData.GroupEntry().setGroupId("g2").setProtocolType("share");
      if (v >= 4) {
        one.setGroupState("Stable");
        other.setGroupState("Empty");
      }
      if (v >= 5) {
        one.setGroupType("classic");
        other.setGroupType("share");
      }
      res("ListGroupsResponse",
          new ListGroupsResponseData().setThrottleTimeMs(5).setErrorCode((short) 14).setGroups(List.of(one, other)), v);
    }
    for (short v = 5; v <= 6; v++) {
      var known = new DescribeGroupsResponseData.DescribedGroup()
                      .setGroupId("g1")
                      .setGroupState("Stable")
                      .setProtocolType("consumer")
                      .setProtocolData("range")
                      .setAuthorizedOperations(264)
                      .setMembers(List.of(
                          new DescribeGroupsResponseData.DescribedGroupMember()
                              .setMemberId("m")
                              .setGroupInstanceId("i")
                              .setClientId("c")
                              .setClientHost("/h")
                              .setMemberMetadata(new byte[] {1, 2})
                              .setMemberAssignment(new byte[] {3}),
                          new DescribeGroupsResponseData.DescribedGroupMember()
                              .setMemberId("n")
                              .setClientId("c")
                              .setClientHost("/h")));
      var unknown = new DescribeGroupsResponseData.DescribedGroup().setGroupId("g2").setGroupState("Dead");
      if (v >= 6)
        unknown.setErrorCode((short) 69).setErrorMessage("no such group");
      res("DescribeGroupsResponse",
          new DescribeGroupsResponseData().setThrottleTimeMs(5).setGroups(List.of(known, unknown)), v);
    }
    res("ShareGroupDescribeResponse",
        new ShareGroupDescribeResponseData().setThrottleTimeMs(5).setGroups(List.of(
            new ShareGroupDescribeResponseData.DescribedGroup()
                .setGroupId("g1")
                .setGroupState("Stable")
                .setGroupEpoch(4)
                .setAssignmentEpoch(3)
                .setAssignorName("simple")
                .setMembers(List.of(new ShareGroupDescribeResponseData.Member()
                        .setMemberId("m")
                        .setRackId("r")
                        .setMemberEpoch(4)
                        .setClientId("c")
                        .setClientHost("/h")
                        .setSubscribedTopicNames(List.of("orders"))
                        .setAssignment(new ShareGroupDescribeResponseData.Assignment().setTopicPartitions(
                            List.of(new ShareGroupDescribeResponseData.TopicPartitions()
                                    .setTopicId(ID)
                                    .setTopicName("orders")
                                    .setPartitions(List.of(0, 1))))))),
            new ShareGroupDescribeResponseData.DescribedGroup()
                .setGroupId("g2")
                .setGroupState("Dead")
                .setErrorCode((short) 69)
                .setErrorMessage("no such group"))),
        (short) 1);
    for (short v : new short[] {0, 2, 3, 4}) {
      var m = new ApiVersionsResponseData();
      var keys = new ApiVersionsResponseData.ApiVersionCollection();
      keys.add(new ApiVersionsResponseData.ApiVersion().setApiKey((short) 2).setMinVersion((short) 1).setMaxVersion(
          (short) 11));
      m.setApiKeys(keys);
      if (v >= 1)
        m.setThrottleTimeMs(5);
      if (v >= 3) {
        var sf = new ApiVersionsResponseData.SupportedFeatureKeyCollection();
        sf.add(new ApiVersionsResponseData.SupportedFeatureKey()
                .setName("kraft.version")
                .setMinVersion((short) 0)
                .setMaxVersion((short) 1));
        m.setSupportedFeatures(sf);
        m.setFinalizedFeaturesEpoch(42);
        var ff = new ApiVersionsResponseData.FinalizedFeatureKeyCollection();
        ff.add(new ApiVersionsResponseData.FinalizedFeatureKey()
                .setName("metadata.version")
                .setMaxVersionLevel((short) 29)
                .setMinVersionLevel((short) 7));
        m.setFinalizedFeatures(ff);
        m.setZkMigrationReady(true);
      }
      res("ApiVersionsResponse", m, v);
    }
    for (short v = 0; v <= 2; v++) {
      var m = new SaslAuthenticateResponseData()
                  .setErrorCode((short) 58)
                  .setErrorMessage("no")
                  .setAuthBytes(new byte[] {1, 2});
      if (v >= 1)
        m.setSessionLifetimeMs(3600000);
      res("SaslAuthenticateResponse", m, v);
    }
    for (short v : new short[] {9, 13}) {
      var m = new MetadataResponseData().setThrottleTimeMs(5).setClusterId("c1").setControllerId(2);
      var bs = new MetadataResponseData.MetadataResponseBrokerCollection();
      bs.add(new MetadataResponseData.MetadataResponseBroker().setNodeId(2).setHost("b2").setPort(9092).setRack("r"));
      bs.add(new MetadataResponseData.MetadataResponseBroker().setNodeId(3).setHost("b3").setPort(9093));
      m.setBrokers(bs);
      var ts = new MetadataResponseData.MetadataResponseTopicCollection();
      var t = new MetadataResponseData.MetadataResponseTopic().setName("orders").setPartitions(
          List.of(new MetadataResponseData.MetadataResponsePartition()
                  .setPartitionIndex(1)
                  .setLeaderId(2)
                  .setLeaderEpoch(9)
                  .setReplicaNodes(List.of(2, 3))
                  .setIsrNodes(List.of(2))
                  .setOfflineReplicas(List.of(3))));
      if (v >= 10)
        t.setTopicId(ID);
      ts.add(t);
      m.setTopics(ts);
      res("MetadataResponse", m, v);
    }
    for (short v : new short[] {5, 11})
      res("ListOffsetsResponse",
          new ListOffsetsResponseData().setThrottleTimeMs(5).setTopics(
              List.of(new ListOffsetsResponseData.ListOffsetsTopicResponse().setName("orders").setPartitions(
                  List.of(new ListOffsetsResponseData.ListOffsetsPartitionResponse()
                              .setPartitionIndex(1)
                              .setOffset(123456789012L)
                              .setLeaderEpoch(9),
                      new ListOffsetsResponseData.ListOffsetsPartitionResponse().setPartitionIndex(2).setErrorCode(
                          (short) 6))))),
          v);
    res("OffsetFetchResponse",
        new OffsetFetchResponseData().setTopics(
            List.of(new OffsetFetchResponseData.OffsetFetchResponseTopic().setName("orders").setPartitions(
                List.of(new OffsetFetchResponseData.OffsetFetchResponsePartition()
                        .setPartitionIndex(1)
                        .setCommittedOffset(99)
                        .setCommittedLeaderEpoch(4)
                        .setMetadata(""))))),
        (short) 7);
    for (short v : new short[] {8, 9})
      res("OffsetFetchResponse",
          new OffsetFetchResponseData().setGroups(
              List.of(new OffsetFetchResponseData.OffsetFetchResponseGroup().setGroupId("g1").setTopics(List.of(
                          new OffsetFetchResponseData.OffsetFetchResponseTopics().setName("orders").setPartitions(
                              List.of(new OffsetFetchResponseData.OffsetFetchResponsePartitions()
                                      .setPartitionIndex(1)
                                      .setCommittedOffset(99)
                                      .setCommittedLeaderEpoch(4)
                                      .setMetadata(null))))),
                  new OffsetFetchResponseData.OffsetFetchResponseGroup()
                      .setGroupId("g2")
                      .setErrorCode((short) 30)
                      .setTopics(List.of()))),
          v);
    for (int full = 0; full < 2; full++) {
      var me =
          new StreamsGroupDescribeResponseData.Member()
              .setMemberId("m")
              .setMemberEpoch(3)
              .setClientId("c")
              .setClientHost("/h")
              .setTopologyEpoch(1)
              .setProcessId("p")
              .setAssignment(new StreamsGroupDescribeResponseData.Assignment().setActiveTasks(List.of(
                  new StreamsGroupDescribeResponseData.TaskIds().setSubtopologyId("0").setPartitions(List.of(0, 1)))))
              .setTargetAssignment(new StreamsGroupDescribeResponseData.Assignment());
      var g = new StreamsGroupDescribeResponseData.DescribedGroup()
                  .setGroupId("s")
                  .setGroupState("Stable")
                  .setGroupEpoch(3)
                  .setAssignmentEpoch(3)
                  .setMembers(List.of(me));
      if (full == 1) {
        me.setUserEndpoint(new StreamsGroupDescribeResponseData.Endpoint().setHost("e").setPort(65000));
        g.setTopology(new StreamsGroupDescribeResponseData.Topology().setEpoch(1).setSubtopologies(
            List.of(new StreamsGroupDescribeResponseData.Subtopology().setSubtopologyId("0").setSourceTopics(
                List.of("orders")))));
      }
      res(full == 1 ? "StreamsGroupDescribeResponse" : "StreamsGroupDescribeResponse.nulls",
          new StreamsGroupDescribeResponseData().setGroups(List.of(g)), (short) 0);
    }
    res("DescribeShareGroupOffsetsResponse",
        new DescribeShareGroupOffsetsResponseData().setGroups(List.of(
            new DescribeShareGroupOffsetsResponseData.DescribeShareGroupOffsetsResponseGroup()
                .setGroupId("g1")
                .setTopics(List.of(new DescribeShareGroupOffsetsResponseData.DescribeShareGroupOffsetsResponseTopic()
                        .setTopicName("orders")
                        .setTopicId(ID)
                        .setPartitions(List.of(
                            new DescribeShareGroupOffsetsResponseData.DescribeShareGroupOffsetsResponsePartition()
                                .setPartitionIndex(1)
                                .setStartOffset(10)
                                .setLeaderEpoch(2)
                                .setLag(5))))))),
        (short) 1);
    res("ConsumerGroupDescribeResponse",
        new ConsumerGroupDescribeResponseData().setGroups(List.of(new ConsumerGroupDescribeResponseData.DescribedGroup()
                .setGroupId("g1")
                .setGroupState("Stable")
                .setGroupEpoch(4)
                .setAssignmentEpoch(4)
                .setAssignorName("uniform")
                .setMembers(List.of(new ConsumerGroupDescribeResponseData.Member()
                        .setMemberId("m")
                        .setMemberEpoch(4)
                        .setClientId("c")
                        .setClientHost("/h")
                        .setSubscribedTopicNames(List.of("orders"))
                        .setMemberType((byte) 1)
                        .setAssignment(new ConsumerGroupDescribeResponseData.Assignment().setTopicPartitions(
                            List.of(new ConsumerGroupDescribeResponseData.TopicPartitions()
                                    .setTopicId(ID)
                                    .setTopicName("orders")
                                    .setPartitions(List.of(0, 1)))))
                        .setTargetAssignment(new ConsumerGroupDescribeResponseData.Assignment()))))),
        (short) 1);
    var ca = org.apache.kafka.clients.consumer.internals.ConsumerProtocol.serializeAssignment(
        new org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment(
            List.of(new org.apache.kafka.common.TopicPartition("orders", 0),
                new org.apache.kafka.common.TopicPartition("orders", 7)),
            null));
    out("ConsumerProtocolAssignment", 3, ca);
  }
}
