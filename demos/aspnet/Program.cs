using System.Runtime.InteropServices;

var builder = WebApplication.CreateBuilder(args);
builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));

var app = builder.Build();
var started = DateTimeOffset.UtcNow;

app.Use(async (context, next) =>
{
    await next(context);
    app.Logger.LogInformation(
        "{Method} {Path} {Status}", context.Request.Method, context.Request.Path, context.Response.StatusCode);
});

app.MapGet("/", () => new
{
    Hello = "from ASP.NET Core",
    Runtime = RuntimeInformation.FrameworkDescription,
    UpSeconds = (long)(DateTimeOffset.UtcNow - started).TotalSeconds,
});
app.MapGet("/health", () => new { Status = "ok" });

var port = Environment.GetEnvironmentVariable("PORT") ?? "8080";
app.Run($"http://0.0.0.0:{port}");
