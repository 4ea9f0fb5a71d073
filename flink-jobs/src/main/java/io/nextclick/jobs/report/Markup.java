package io.nextclick.jobs.report;

/**
 * HTML that is being written. Whatever comes from logs and models goes through {@link #text} or an
 * attribute of {@link #open}, which escape it: an item id can't become an element. Not safe for use
 * by several threads.
 */
final class Markup {

    private final StringBuilder html = new StringBuilder(1 << 16);

    /** Opens an element. */
    Markup open(String element, String... attributes) {
        html.append('<').append(element);
        for (int i = 0; i < attributes.length; i += 2) {
            html.append(' ').append(attributes[i]).append("=\"");
            text(attributes[i + 1]);
            html.append('"');
        }
        html.append('>');
        return this;
    }

    Markup close(String element) {
        html.append("</").append(element).append(">\n");
        return this;
    }

    /** An element that holds nothing but text. */
    Markup element(String element, String text, String... attributes) {
        return open(element, attributes).text(text).close(element);
    }

    /** Text as it is, whatever it holds. */
    Markup text(String text) {
        text.codePoints().forEach(this::escape);
        return this;
    }

    private void escape(int character) {
        switch (character) {
            case '&' -> html.append("&amp;");
            case '<' -> html.append("&lt;");
            case '>' -> html.append("&gt;");
            case '"' -> html.append("&quot;");
            case '\'' -> html.append("&#39;");
            default -> html.appendCodePoint(visible(character));
        }
    }

    /**
     * A text as {@link #text} would show it, for the data of charts: without what can't be seen.
     */
    static String visible(String text) {
        StringBuilder visible = new StringBuilder(text.length());
        text.codePoints().map(Markup::visible).forEach(visible::appendCodePoint);
        return visible.toString();
    }

    /** A page has no controls, nor has anything that turns the direction of a line. */
    private static int visible(int character) {
        boolean unseen =
                Character.isISOControl(character)
                        || Character.getType(character) == Character.FORMAT
                        || Character.getType(character) == Character.SURROGATE;
        return unseen ? 0xFFFD : character;
    }

    /** Our own markup, unchanged. */
    Markup raw(String ours) {
        html.append(ours);
        return this;
    }

    @Override
    public String toString() {
        return html.toString();
    }
}
