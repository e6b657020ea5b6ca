import { Migration } from "@mikro-orm/migrations";

/**
 * Count inserted rows.
 */
export class Migration20261121142836 extends Migration {
  override up(): void {
    this.addSql("alter table `receipts` add `rows_inserted` int unsigned not null default 0");
  }

  override down(): void {
    this.addSql("alter table `receipts` drop column `rows_inserted`");
  }
}
