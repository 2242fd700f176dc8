import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** The JDK's own HTTP client with its defaults, which offers HTTP/2 with each request. */
class JdkClient {
  static final HttpClient CLIENT = HttpClient.newHttpClient();

  static HttpResponse<String> post(String url, String session, String body) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(url))
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/event-stream")
        .POST(HttpRequest.BodyPublishers.ofString(body));
    if (session != null) request.header("Mcp-Session-Id", session);
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  public static void main(String[] args) throws Exception {
    var url = args[0];
    var initialized = post(url, null, """
        {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",\
        "capabilities":{},"clientInfo":{"name":"jdk","version":"17"}}}""");
    var session = initialized.headers().firstValue("mcp-session-id").orElse(null);
    System.out.println(initialized.statusCode());
    System.out.println(post(url, session, """
        {"jsonrpc":"2.0","method":"notifications/initialized"}""").statusCode());
    System.out.println(post(url, session, """
        {"jsonrpc":"2.0","id":2,"method":"tools/list"}""").body());
    System.out.println(post(url, session, """
        {"jsonrpc":"2.0","id":3,"method":"tools/call",\
        "params":{"name":"add","arguments":{"a":1,"b":2}}}""").body());
  }
}
