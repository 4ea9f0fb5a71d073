package io.nextclick.schemas;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** The fields of a {@link CatalogItem}. */
final class CatalogItemFormat implements RecordFormat<CatalogItem> {

    static final CatalogItemFormat INSTANCE = new CatalogItemFormat();

    private static final RecordShape SHAPE = RecordShape.ofResource("CatalogItem.avsc");

    private CatalogItemFormat() {}

    @Override
    public RecordShape shape() {
        return SHAPE;
    }

    @Override
    public void write(CatalogItem item, RecordOutput out) {
        out.beginRecord();
        out.text("item_id", item.itemId());
        out.optionalText("title", item.title());
        out.textList("categories", item.categories());
        out.optionalNumber("price", item.price());
        out.flag("available", item.available());
        out.textMap("attributes", item.attributes());
        out.endRecord();
    }

    @Override
    public CatalogItem read(RecordInput in) throws IOException, MalformedRecordException {
        String itemId = null;
        String title = null;
        List<String> categories = List.of();
        Double price = null;
        boolean available = true;
        Map<String, String> attributes = Map.of();
        in.beginRecord(SHAPE);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "item_id" -> itemId = in.id();
                case "title" -> title = in.optionalText(in.limits.textChars());
                case "categories" -> categories = in.textList();
                case "price" -> price = in.optionalNumber();
                case "available" -> available = in.flag();
                case "attributes" -> attributes = in.textMap();
                default -> throw new IllegalStateException(field);
            }
        }
        return new CatalogItem(
                in.required(itemId, "item_id"), title, categories, price, available, attributes);
    }
}
