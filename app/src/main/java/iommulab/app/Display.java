package iommulab.app;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.Optional;

/// The screen that a window would appear on, asked before JavaFX is started: once started, it cannot
/// change its mind.
final class Display {
    private static final String GTK = "libgtk-3.so.0";
    private static final String X11 = "libX11.so.6";

    private Display() {}

    /// Why no window can appear, a clause; empty if one can. Other systems than Linux always have a
    /// display.
    static Optional<String> obstacle() {
        if (!System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux")) {
            return Optional.empty();
        }
        var name = System.getenv("DISPLAY");
        if (name == null || name.isBlank()) {
            return Optional.of(
                    System.getenv("WAYLAND_DISPLAY") == null
                            ? "DISPLAY is not set"
                            : "DISPLAY is not set (JavaFX needs XWayland beside Wayland)");
        }
        if (!isInstalled(GTK)) {
            return Optional.of("GTK 3 (%s) is not installed".formatted(GTK));
        }
        return answers() ? Optional.empty() : Optional.of("no X server answers at DISPLAY=" + name);
    }

    @SuppressWarnings("restricted")
    private static boolean isInstalled(String library) {
        try (var arena = Arena.ofConfined()) {
            SymbolLookup.libraryLookup(library, arena);
            return true;
        } catch (IllegalArgumentException missing) {
            return false;
        }
    }

    /// Opens and closes a connection, as GTK will.
    @SuppressWarnings("restricted")
    private static boolean answers() {
        try (var arena = Arena.ofConfined()) {
            var x11 = SymbolLookup.libraryLookup(X11, arena);
            var linker = Linker.nativeLinker();
            var open =
                    linker.downcallHandle(
                            x11.findOrThrow("XOpenDisplay"),
                            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS));
            var close =
                    linker.downcallHandle(
                            x11.findOrThrow("XCloseDisplay"),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
            var connection = (MemorySegment) open.invokeExact(MemorySegment.NULL);
            if (connection.equals(MemorySegment.NULL)) {
                return false;
            }
            int _ = (int) close.invokeExact(connection);
            return true;
        } catch (Throwable noAnswer) {
            // A method handle may throw anything; whatever it was, there is no display to rely on.
            return false;
        }
    }
}
