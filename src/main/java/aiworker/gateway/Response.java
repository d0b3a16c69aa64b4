package aiworker.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * What is sent back.
 *
 * @param headers besides those that every response has
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Response(int status, String contentType, byte[] body, Map<String, String> headers) {
  private static final ObjectMapper JSON = new ObjectMapper();

  static Response json(int status, JsonNode body) {
    try {
      return new Response(status, "application/json", JSON.writeValueAsBytes(body), Map.of());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** From text that is JSON already. */
  static Response json(String body) {
    return new Response(200, "application/json", utf8(body), Map.of());
  }

  /** From the start of JSON text, elements of an array, and the end. */
  static Response json(String start, List<String> elements, String end) {
    int size = elements.stream().mapToInt(ByteBufUtil::utf8Bytes).sum();
    byte[] before = utf8(start);
    byte[] after = utf8(end);
    int commas = Math.max(0, elements.size() - 1);
    ByteBuffer body = ByteBuffer.allocate(before.length + size + commas + after.length);
    body.put(before);
    for (String element : elements) {
      if (body.position() > before.length) {
        body.put((byte) ',');
      }
      body.put(utf8(element));
    }
    body.put(after);
    return new Response(200, "application/json", body.array(), Map.of());
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
