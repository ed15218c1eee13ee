/** The head of a table of records. Where rows become cards, the roles keep it a table for assistive technology. */
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
