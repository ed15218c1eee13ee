/** The head of a table of records. The roles keep it a table for assistive technology where rows become cards. */
export const TableHead = ({ titles }: { readonly titles: ReadonlyArray<string> }) => (
  <thead role="rowgroup">
    <tr role="row">
      {titles.map((title) => (
        <th role="columnheader" scope="col">
          {title}
        </th>
      ))}
    </tr>
  </thead>
)
