package iommulab.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.JavaFormatterOptions.Style;

import org.junit.jupiter.api.Test;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Every source file is laid out by one formatter. To lay them out:
/// `mvn test -Dtest=SourceStyleTest -Dsurefire.failIfNoSpecifiedTests=false -Dformat=apply`
class SourceStyleTest {
    private static final Pattern DECLARATION =
            Pattern.compile(
                    "(?m)^(?:///.*\\R(?:@.*\\R)*)?"
                            + "(?:public |final |abstract |sealed |non-sealed )*"
                            + "(?:class|record|enum|interface|@interface|module)\\s");
    private static final Formatter FORMATTER =
            new Formatter(
                    JavaFormatterOptions.builder().style(Style.AOSP).formatJavadoc(false).build());

    @Test
    void everySourceFileIsLaidOutByTheFormatter() throws Exception {
        boolean apply = "apply".equals(System.getProperty("format"));
        var unformatted = new ArrayList<Path>();
        for (var file : sources()) {
            var before = Files.readString(file);
            var after = FORMATTER.formatSourceAndFixImports(before);
            if (!before.equals(after)) {
                if (apply) {
                    Files.writeString(file, after);
                } else {
                    unformatted.add(file);
                }
            }
        }
        assertThat(unformatted).as("files to lay out with -Dformat=apply").isEmpty();
    }

    @Test
    void everyTypeOfTheEngineSaysWhatItIs() throws Exception {
        var silent = new ArrayList<Path>();
        for (var file : sources()) {
            if (file.toString().contains("engine/src/main".replace('/', File.separatorChar))
                    && !saysWhatItIs(file)) {
                silent.add(file);
            }
        }
        assertThat(silent).as("engine files whose type or package has no /// comment").isEmpty();
    }

    /// Whether a comment stands above the type, package or module that a file declares.
    private static boolean saysWhatItIs(Path file) throws IOException {
        var source = Files.readString(file);
        if (file.endsWith("package-info.java")) {
            return source.startsWith("///");
        }
        var match = DECLARATION.matcher(source);
        return match.find() && match.group().startsWith("///");
    }

    private static List<Path> sources() throws Exception {
        var top = Path.of("..").toAbsolutePath().normalize();
        var files = new ArrayList<Path>();
        for (var module : List.of("engine", "app")) {
            try (Stream<Path> all = Files.walk(top.resolve(module).resolve("src"))) {
                all.filter(f -> f.toString().endsWith(".java")).forEach(files::add);
            }
        }
        return files;
    }
}
